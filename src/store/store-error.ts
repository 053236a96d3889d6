import { type ErrorCode, McplexerError, systemCode } from '../base/index.ts'

export class StoreError extends McplexerError {}

/** SQLite's primary result codes (sqlite.org/rescode.html) as ours. */
const CODES: readonly [prefix: string, code: ErrorCode, message: string, hint: string][] = [
  ['SQLITE_FULL', 'STORE_DISK_FULL', 'the disk is full', 'free some space and try again; nothing was changed'],
  [
    'SQLITE_READONLY',
    'STORE_READ_ONLY',
    'it cannot be written to',
    'reading works; writing needs a writable disk',
  ],
  ['SQLITE_CORRUPT', 'STORE_CORRUPT', 'it is damaged', 'put a backup in its place'],
  ['SQLITE_NOTADB', 'STORE_CORRUPT', 'it is not a database', 'put a backup in its place, or move it away'],
  ['SQLITE_IOERR', 'STORE_UNREADABLE', 'reading or writing it failed', 'check the disk; nothing was changed'],
  ['SQLITE_CANTOPEN', 'STORE_UNREADABLE', 'it cannot be opened', 'check who may read it and its folder'],
  ['SQLITE_BUSY', 'STORE_BUSY', 'another process is using it', 'try again when the other mcplexer is done'],
]

export function sqliteCode(error: unknown): string {
  return systemCode(error) ?? ''
}

/** An error of SQLite with our code and the file's path; anything else as it is. */
export function asStoreError(error: unknown, path: string): unknown {
  const known = CODES.find(([prefix]) => sqliteCode(error).startsWith(prefix))
  if (known === undefined) return error
  const [, code, message, hint] = known
  return new StoreError(code, `${path}: ${message}`, { hint, cause: error })
}
