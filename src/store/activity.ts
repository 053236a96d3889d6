import { Kysely } from 'kysely'
import { ACTIVITY_FILE } from './activity-file.ts'
import type { Waiting } from './busy.ts'
import { bunSqliteDialect } from './dialect.ts'
import type { ActivityTables } from './schema.ts'
import { openSqliteFile } from './sqlite-file.ts'
import { StoreError } from './store-error.ts'

export type ActivityDatabase = Kysely<ActivityTables>

/** Created when missing. Throws STORE_…; whoever can do without it goes on. */
export async function openActivity(path: string, waiting: Waiting): Promise<ActivityDatabase> {
  const file = await openSqliteFile(path, ACTIVITY_FILE, waiting, true)
  if (file === null) throw new TypeError('a created file is missing')
  const check = (): void => {
    file.check()
    if (!file.isInPlace()) throw moved(path)
  }
  return new Kysely<ActivityTables>({ dialect: bunSqliteDialect({ ...file, check, waiting }) })
}

/** Nobody would read what is written from now on, and its -wal file may be that of the database in its place. */
function moved(path: string): StoreError {
  return new StoreError('STORE_UNREADABLE', `${path} was moved away or replaced while it was in use`, {
    hint: 'restart your clients, and `mcplexer daemon stop`',
  })
}
