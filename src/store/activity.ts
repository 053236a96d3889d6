import { Kysely } from 'kysely'
import type { Waiting } from './busy.ts'
import { bunSqliteDialect } from './dialect.ts'
import { ACTIVITY_MIGRATIONS } from './migrations/activity.ts'
import type { ActivityTables } from './schema.ts'
import { openSqliteFile } from './sqlite-file.ts'

export type ActivityDatabase = Kysely<ActivityTables>

/** What is seen and done, apart from the vault, so that a backup of one never carries the other. */
const ACTIVITY_FILE = {
  applicationId: 0x6d637061,
  migrations: ACTIVITY_MIGRATIONS,
  pragmas: [
    'busy_timeout = 0',
    'journal_mode = WAL',
    'synchronous = NORMAL',
    'trusted_schema = OFF',
    'cell_size_check = ON',
    'foreign_keys = ON',
  ],
}

/** Created when missing. Throws STORE_…; whoever can do without it goes on. */
export async function openActivity(path: string, waiting: Waiting): Promise<ActivityDatabase> {
  const file = await openSqliteFile(path, ACTIVITY_FILE, waiting, true)
  if (file === null) throw new TypeError('a created file is missing')
  return new Kysely<ActivityTables>({ dialect: bunSqliteDialect({ ...file, waiting }) })
}
