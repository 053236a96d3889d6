import { Kysely } from 'kysely'
import { ACTIVITY_FILE } from './activity-file.ts'
import type { Waiting } from './busy.ts'
import { bunSqliteDialect } from './dialect.ts'
import type { ActivityTables } from './schema.ts'
import { openSqliteFile } from './sqlite-file.ts'

export type ActivityDatabase = Kysely<ActivityTables>

/** Created when missing. Throws STORE_…; whoever can do without it goes on. */
export async function openActivity(path: string, waiting: Waiting): Promise<ActivityDatabase> {
  const file = await openSqliteFile(path, ACTIVITY_FILE, waiting, true)
  if (file === null) throw new TypeError('a created file is missing')
  return new Kysely<ActivityTables>({ dialect: bunSqliteDialect({ ...file, waiting }) })
}
