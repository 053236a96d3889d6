import { existsSync } from 'node:fs'
import type { Paths } from '../base/index.ts'
import { openVaultDatabase, type VaultDatabase, type Waiting } from '../store/index.ts'

/** What `changeMark` says before there is a database, and before it was opened. */
const NO_DATABASE = 0
const UNOPENED_DATABASE = -1
/** Another file lies in its place. */
const REPLACED_DATABASE = -2

/**
 * The database at its path: opened at first use, then kept open. One that was put in its place is opened instead: what
 * is locked or sealed there counts.
 */
export class CurrentDatabase {
  readonly #path: string
  readonly #waiting: Waiting
  #opened: VaultDatabase | null = null
  /** Work that has begun in them ends there. */
  readonly #replaced: VaultDatabase[] = []

  constructor({ vault }: Paths, waiting: Waiting) {
    this.#path = vault
    this.#waiting = waiting
  }

  /** Null when there is none; `create` makes it. */
  async open(create: boolean): Promise<VaultDatabase | null> {
    if (this.#opened?.isInPlace()) return this.#opened
    if (this.#opened !== null) this.#replaced.push(this.#opened)
    this.#opened = null
    const database = await openVaultDatabase(this.#path, this.#waiting, create)
    // somebody else may have opened it meanwhile
    if (this.#opened !== null) await database?.close()
    this.#opened ??= database
    return this.#opened
  }

  changeMark(): number | null {
    if (this.#opened !== null) return this.#opened.isInPlace() ? this.#opened.changeMark() : REPLACED_DATABASE
    return existsSync(this.#path) ? UNOPENED_DATABASE : NO_DATABASE
  }

  async close(): Promise<void> {
    for (const database of [...this.#replaced, this.#opened]) await database?.close()
    this.#opened = null
  }
}
