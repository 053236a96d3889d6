import { Kysely, type Transaction } from 'kysely'
import type { Waiting } from './busy.ts'
import { bunSqliteDialect } from './dialect.ts'
import { VAULT_MIGRATIONS } from './migrations/vault.ts'
import type { VaultTables } from './schema.ts'
import { openSqliteFile } from './sqlite-file.ts'

export type VaultTransaction = Transaction<VaultTables>

export interface VaultDatabase {
  readonly path: string
  readonly isReadOnly: boolean
  /** False once another file lies there, such as a backup that was put back, or none. */
  isInPlace(): boolean
  /** Holds a read lock, so that no other process can commit meanwhile; many can read at once. */
  read<T>(work: (transaction: VaultTransaction) => Promise<T>): Promise<T>
  /** Holds the write lock; readers go on until the commit. On any error nothing is changed. */
  write<T>(work: (transaction: VaultTransaction) => Promise<T>): Promise<T>
  /** Changes when another process has committed; null while the file is busy. */
  changeMark(): number | null
  /** While `work` runs, no changed page is written before the commit: that would lock readers out. */
  withoutSpilling<T>(work: () => Promise<T>): Promise<T>
  close(): Promise<void>
}

/**
 * A rollback journal and `secure_delete` leave no old ciphertext behind, which WAL does until its next checkpoint.
 * sqlite.org/pragma.html
 */
const VAULT_FILE = {
  applicationId: 0x6d637078,
  migrations: VAULT_MIGRATIONS,
  pragmas: [
    'busy_timeout = 0',
    'journal_mode = DELETE',
    'synchronous = EXTRA',
    'secure_delete = ON',
    'trusted_schema = OFF',
    'cell_size_check = ON',
    'foreign_keys = ON',
  ],
}

/** Null when there is no file and `create` is false. Throws STORE_… by what is wrong with the file. */
export async function openVaultDatabase(
  path: string,
  waiting: Waiting,
  create: boolean,
): Promise<VaultDatabase | null> {
  const file = await openSqliteFile(path, VAULT_FILE, waiting, create)
  if (file === null) return null
  const { database } = file
  const kysely = new Kysely<VaultTables>({ dialect: bunSqliteDialect({ ...file, waiting }) })
  return {
    path: file.path,
    isReadOnly: file.isReadOnly,
    isInPlace: file.isInPlace,
    read: (work) => kysely.transaction().setAccessMode('read only').execute(work),
    write: (work) => kysely.transaction().execute(work),
    changeMark: () => {
      try {
        return database.query<{ data_version: number }, []>('PRAGMA data_version').get()?.data_version ?? null
      } catch {
        return null
      }
    },
    withoutSpilling: async (work) => {
      database.run('PRAGMA cache_spill = OFF')
      try {
        return await work()
      } finally {
        database.run('PRAGMA cache_spill = ON')
      }
    },
    close: () => kysely.destroy(),
  }
}
