import { Database, constants as sqlite } from 'bun:sqlite'
import { retryWhileBusy, type Waiting } from './busy.ts'
import { createPrivateFile } from './sqlite-file.ts'
import { asStoreError } from './store-error.ts'

/**
 * Runs `work` while no other process does under the same lock file. The lock is SQLite's, on an empty database that
 * is never written: the kernel takes it back however its holder dies, on every platform. The file stays, as
 * removing it would let two in. Throws STORE_BUSY when the wait is over.
 */
export async function withFileLock<T>(path: string, waiting: Waiting, work: () => Promise<T>): Promise<T> {
  createPrivateFile(path)
  const database = await acquire(path, waiting)
  try {
    return await work()
  } finally {
    database.close()
  }
}

async function acquire(path: string, waiting: Waiting): Promise<Database> {
  let database: Database | null = null
  try {
    const opened = new Database(path, sqlite.SQLITE_OPEN_READWRITE | sqlite.SQLITE_OPEN_NOFOLLOW)
    database = opened
    for (const statement of ['PRAGMA busy_timeout = 0', 'PRAGMA journal_mode = MEMORY', 'begin exclusive']) {
      await retryWhileBusy(waiting, () => opened.run(statement))
    }
    return opened
  } catch (error) {
    database?.close()
    throw asStoreError(error, path)
  }
}
