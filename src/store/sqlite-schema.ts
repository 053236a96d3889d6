import type { Database } from 'bun:sqlite'
import { StoreError } from './store-error.ts'

export interface Migration {
  readonly version: number
  readonly statements: readonly string[]
}

export interface FileKind {
  /** PRAGMA application_id: tells our files from any other. */
  readonly applicationId: number
  readonly migrations: readonly Migration[]
  readonly pragmas: readonly string[]
}

/** Tables that only the database of the Go program of the same name has. */
const GO_ORIGINAL_TABLES = ['workspaces', 'route_rules', 'downstream_servers']

/**
 * Brings an empty file, or an older one of ours, to our schema in one transaction. Throws STORE_FOREIGN or
 * STORE_TOO_NEW for any other, which stays as it is.
 */
export function migrate(database: Database, path: string, kind: FileKind): void {
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

/** Throws STORE_TOO_NEW when it is no longer of this version. */
export function checkVersion(database: Database, path: string, version: number): void {
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

export function versionOf(database: Database): number {
  return pragma(database, 'user_version')
}

function pragma(database: Database, name: 'user_version' | 'application_id'): number {
  return database.query<Record<string, number>, []>(`PRAGMA ${name}`).get()?.[name] ?? 0
}

function latest(kind: FileKind): number {
  return kind.migrations.at(-1)?.version ?? 0
}

export function foreign(path: string, reason: string): StoreError {
  return new StoreError('STORE_FOREIGN', `${path} is not a database of mcplexer: ${reason}`, {
    hint: 'move it away, or put a backup in its place',
  })
}
