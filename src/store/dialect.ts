import type { Database, SQLQueryBindings } from 'bun:sqlite'
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type TransactionSettings,
} from 'kysely'
import { retryWhileBusy, type Waiting } from './busy.ts'
import { asStoreError } from './store-error.ts'

interface DialectOptions {
  readonly database: Database
  readonly path: string
  readonly waiting: Waiting
  /** Throws when the file is no longer what was opened; asked in every transaction. */
  readonly check: () => void
}

/**
 * Kysely over `bun:sqlite`. Its own dialect does not fit: it begins deferred, and a deferred transaction that
 * writes after another process did fails with SQLITE_BUSY_SNAPSHOT however long one waits.
 */
export function bunSqliteDialect(options: DialectOptions): Dialect {
  return {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new BunSqliteDriver(options),
    createIntrospector: (kysely) => new SqliteIntrospector(kysely),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  }
}

class BunSqliteDriver implements Driver {
  readonly #options: DialectOptions
  readonly #connection: BunSqliteConnection
  #queue: Promise<void> = Promise.resolve()
  #leave: () => void = () => undefined

  constructor(options: DialectOptions) {
    this.#options = options
    this.#connection = new BunSqliteConnection(options)
  }

  async init(): Promise<void> {}

  /** There is one connection; the next one waits for it here. */
  async acquireConnection(): Promise<DatabaseConnection> {
    const before = this.#queue
    let leave: () => void = () => undefined
    this.#queue = new Promise((resolve) => {
      leave = resolve
    })
    await before
    this.#leave = leave
    return this.#connection
  }

  async releaseConnection(): Promise<void> {
    this.#leave()
  }

  /** Read only: `begin` and a first read, which takes the lock. Else `begin immediate`. */
  async beginTransaction(_connection: DatabaseConnection, settings: TransactionSettings): Promise<void> {
    const { database, check } = this.#options
    await this.#run(() => {
      database.run(settings.accessMode === 'read only' ? 'begin' : 'begin immediate')
      try {
        check()
      } catch (error) {
        database.run('rollback')
        throw error
      }
    })
  }

  async commitTransaction(): Promise<void> {
    await this.#run(() => this.#options.database.run('commit'))
  }

  async rollbackTransaction(): Promise<void> {
    if (this.#options.database.inTransaction) this.#options.database.run('rollback')
  }

  async destroy(): Promise<void> {
    this.#options.database.close()
  }

  async #run(attempt: () => unknown): Promise<void> {
    try {
      await retryWhileBusy(this.#options.waiting, attempt)
    } catch (error) {
      throw asStoreError(error, this.#options.path)
    }
  }
}

class BunSqliteConnection implements DatabaseConnection {
  readonly #options: DialectOptions

  constructor(options: DialectOptions) {
    this.#options = options
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const { database, path } = this.#options
    try {
      const statement = database.query<R, SQLQueryBindings[]>(query.sql)
      const parameters = query.parameters as SQLQueryBindings[]
      if (statement.columnNames.length > 0) return { rows: statement.all(...parameters) }
      const { changes, lastInsertRowid } = statement.run(...parameters)
      return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) }
    } catch (error) {
      throw asStoreError(error, path)
    }
  }

  // biome-ignore lint/correctness/useYield: Kysely asks for the method; nothing here streams
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new TypeError('streaming is not supported')
  }
}
