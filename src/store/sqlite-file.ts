import { Database, constants as sqlite } from 'bun:sqlite'
import { accessSync, closeSync, constants, lstatSync, openSync, realpathSync, type Stats } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { ensurePrivateFolder } from '../base/index.ts'
import { retryWhileBusy, type Waiting } from './busy.ts'
import { asStoreError, StoreError } from './store-error.ts'

export interface Migration {
  readonly version: number
  readonly statements: readonly string[]
}

interface FileKind {
  /** PRAGMA application_id: tells our files from any other. */
  readonly applicationId: number
  readonly migrations: readonly Migration[]
  readonly pragmas: readonly string[]
}

interface SqliteFile {
  readonly database: Database
  readonly path: string
  readonly isReadOnly: boolean
  /** False once another file lies there, such as a backup that was put back, or none. */
  isInPlace(): boolean
  /** Throws when another mcplexer has changed the schema since. For every transaction. */
  check(): void
}

/** Tables that only the database of the Go program of the same name has. */
const GO_ORIGINAL_TABLES = ['workspaces', 'route_rules', 'downstream_servers']

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

function migrate(database: Database, path: string, kind: FileKind): void {
  if (versionOf(database) === latest(kind)) return
  database.run('begin immediate')
  try {
    refuseForeign(database, path, kind)
    const from = versionOf(database)
    for (const { version, statements } of kind.migrations) {
      if (version > from) for (const statement of statements) database.run(statement)
    }
    if (from < latest(kind)) database.run(`PRAGMA user_version = ${latest(kind)}`)
    database.run(`PRAGMA application_id = ${kind.applicationId}`)
    database.run('commit')
  } catch (error) {
    if (database.inTransaction) database.run('rollback')
    throw error
  }
}

/** Throws STORE_FOREIGN or STORE_TOO_NEW unless the file has our schema and nothing else. */
export function verifySchema(database: Database, path: string, kind: FileKind): void {
  refuseForeign(database, path, kind)
  const found = schemaOf(database)
  const known = new Set(kind.migrations.flatMap(({ statements }) => statements.map(normalized)))
  const isKnown = found.length === known.size && found.every((sql) => known.has(sql))
  if (!isKnown) throw foreign(path, 'its schema was changed by another program')
}

function refuseForeign(database: Database, path: string, kind: FileKind): void {
  const found = pragma(database, 'application_id')
  const names = database.query<{ name: string }, []>('select name from sqlite_schema').all()
  if (found === 0 && GO_ORIGINAL_TABLES.some((table) => names.some(({ name }) => name === table))) {
    throw new StoreError(
      'STORE_FOREIGN',
      `${path} belongs to the Go program of the same name; it was left unchanged`,
      {
        hint: 'set MCPLEXER_HOME (or MCPLEXER_DB_DSN) to another place',
      },
    )
  }
  const isEmpty = found === 0 && names.length === 0
  if (!isEmpty && found !== kind.applicationId) throw foreign(path, 'another program made it')
  if (versionOf(database) > latest(kind)) {
    throw new StoreError('STORE_TOO_NEW', `${path} was written by a newer mcplexer`, {
      hint: 'update this mcplexer; `mcplexer version` shows what it is',
    })
  }
}

function checkVersion(database: Database, path: string, version: number): void {
  if (versionOf(database) === version) return
  throw new StoreError('STORE_TOO_NEW', `${path} was changed by a newer mcplexer while this one was running`, {
    hint: 'restart your client',
  })
}

/** Of all that SQLite keeps in its schema; what it makes by itself for a primary key has no text. */
function schemaOf(database: Database): string[] {
  const rows = database.query<{ sql: string | null }, []>('select sql from sqlite_schema').all()
  return rows.flatMap(({ sql }) => (sql === null ? [] : normalized(sql)))
}

function normalized(sql: string): string {
  return sql.replace(/\s+/g, ' ').trim()
}

function versionOf(database: Database): number {
  return pragma(database, 'user_version')
}

function pragma(database: Database, name: 'user_version' | 'application_id'): number {
  return database.query<Record<string, number>, []>(`PRAGMA ${name}`).get()?.[name] ?? 0
}

function latest(kind: FileKind): number {
  return kind.migrations.at(-1)?.version ?? 0
}

function foreign(path: string, reason: string): StoreError {
  return new StoreError('STORE_FOREIGN', `${path} is not a database of mcplexer: ${reason}`, {
    hint: 'move it away, or put a backup in its place',
  })
}
