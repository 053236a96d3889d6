import { Database, constants as sqlite } from 'bun:sqlite'
import { accessSync, closeSync, constants, lstatSync, openSync, realpathSync, type Stats } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { ensurePrivateFolder } from '../base/index.ts'
import { retryWhileBusy, type Waiting } from './busy.ts'
import { checkVersion, type FileKind, foreign, migrate, verifySchema, versionOf } from './sqlite-schema.ts'
import { asStoreError, StoreError } from './store-error.ts'

interface SqliteFile {
  readonly database: Database
  readonly path: string
  readonly isReadOnly: boolean
  /** False once another file lies there, such as a backup that was put back, or none. */
  isInPlace(): boolean
  /** Throws when another mcplexer has changed the schema since. For every transaction. */
  check(): void
}

/**
 * Opens the file and makes sure that it is ours: no symlink, known schema, nothing planted. `create` makes it with
 * 0600 when it is missing; without, null is returned. A file that cannot be written is opened for reading.
 */
export async function openSqliteFile(
  wanted: string,
  kind: FileKind,
  waiting: Waiting,
  create: boolean,
): Promise<SqliteFile | null> {
  if (create) createPrivateFile(wanted)
  const file = statOf(wanted)
  if (file === undefined) return null
  if (!file.isFile()) throw foreign(wanted, 'it is not a regular file')
  const path = join(realpathSync(dirname(wanted)), basename(wanted))
  const isReadOnly = !isWritable(path)
  if (isReadOnly) refuseUnfinishedJournal(path)
  const database = openDatabase(path)
  const prepare = async (): Promise<number> => {
    for (const pragma of kind.pragmas) await retryWhileBusy(waiting, () => database.run(`PRAGMA ${pragma}`))
    if (!isReadOnly) await retryWhileBusy(waiting, () => migrate(database, path, kind))
    await retryWhileBusy(waiting, () => verifySchema(database, path, kind))
    return retryWhileBusy(waiting, () => versionOf(database))
  }
  try {
    const version = await prepare()
    const isInPlace = () => liesAt(wanted, file)
    return { database, path, isReadOnly, isInPlace, check: () => checkVersion(database, path, version) }
  } catch (error) {
    database.close()
    throw asStoreError(error, path)
  }
}

/** Empty, with 0600 from its creation; a file that exists stays as it is. Throws STORE_UNREADABLE. */
export function createPrivateFile(path: string): void {
  ensurePrivateFolder(dirname(path))
  const { O_CREAT, O_EXCL, O_NOFOLLOW, O_RDWR } = constants
  try {
    closeSync(openSync(path, O_CREAT | O_EXCL | O_NOFOLLOW | O_RDWR, 0o600))
  } catch (cause) {
    if (statOf(path) === undefined) {
      throw new StoreError('STORE_UNREADABLE', `${path} cannot be created`, {
        hint: `check that the disk has room and that ${dirname(path)} can be written to`,
        cause,
      })
    }
  }
}

function statOf(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false })
}

/** Also when nobody can see what lies there. */
function liesAt(path: string, { dev, ino }: Stats): boolean {
  try {
    const found = statOf(path)
    return found?.dev === dev && found.ino === ino
  } catch {
    return true
  }
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK)
    accessSync(dirname(path), constants.W_OK)
    return true
  } catch {
    return false
  }
}

/** Rolling it back needs a writable disk; without, every read would fail with a message that says nothing. */
function refuseUnfinishedJournal(path: string): void {
  const journal = `${path}-journal`
  if (!statOf(journal)?.size) return
  throw new StoreError(
    'STORE_UNFINISHED_JOURNAL',
    `${journal} is left of an interrupted change, and the disk is read-only`,
    {
      hint: `make ${dirname(path)} writable and run \`mcplexer status\` once`,
    },
  )
}

function openDatabase(path: string): Database {
  try {
    return new Database(path, sqlite.SQLITE_OPEN_READWRITE | sqlite.SQLITE_OPEN_NOFOLLOW)
  } catch (error) {
    throw asStoreError(error, path)
  }
}
