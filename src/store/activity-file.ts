import { ACTIVITY_MIGRATIONS } from './migrations/activity.ts'

/** What is seen and done, apart from the vault, so that a backup of one never carries the other. */
export const ACTIVITY_FILE = {
  applicationId: 0x6d637061,
  migrations: ACTIVITY_MIGRATIONS,
  pragmas: [
    'busy_timeout = 0',
    'journal_mode = WAL',
    'synchronous = NORMAL',
    // it costs an insertion nothing; a checkpoint takes the rest out of the -wal file
    'secure_delete = ON',
    'trusted_schema = OFF',
    'cell_size_check = ON',
    'foreign_keys = ON',
  ],
}
