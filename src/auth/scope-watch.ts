import { log } from '../base/index.ts'
import { type Locks, UNLOCKED, type Vault } from '../vault/index.ts'

const LOOK_EVERY_MS = 100

interface WatchEvents {
  onChange(scopeId: string): void
  /** What is locked now, whenever that has changed. */
  onLock(locks: Locks): void
}

/**
 * Tells when another process has put, overwritten or deleted a key, or has locked or revoked something. It looks at the
 * vault's change mark, which costs some microseconds, off the path of a call; a rotation changes the mark but no
 * generation, and tells nobody.
 */
export class ScopeWatch {
  readonly #vault: Vault
  readonly #onChange: (scopeId: string) => void
  readonly #onLock: (locks: Locks) => void
  #locks = UNLOCKED
  readonly #timer: Timer
  #mark: number | null
  #generations = new Map<string, number>()

  private constructor(vault: Vault, { onChange, onLock }: WatchEvents) {
    this.#vault = vault
    this.#onChange = onChange
    this.#onLock = onLock
    this.#mark = null
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS)
    this.#timer.unref()
  }

  static async start(vault: Vault, events: WatchEvents): Promise<ScopeWatch> {
    const watch = new ScopeWatch(vault, events)
    watch.#mark = vault.changeMark()
    watch.#generations = await generationsOf(vault)
    await watch.#compareLocks()
    return watch
  }

  generationOf(scopeId: string): number | null {
    return this.#generations.get(scopeId) ?? null
  }

  close(): void {
    clearInterval(this.#timer)
  }

  #look(): void {
    const mark = this.#vault.changeMark()
    if (mark === null || mark === this.#mark) return
    this.#mark = mark
    void this.#compare()
  }

  async #compareLocks(): Promise<void> {
    const before = this.#locks
    this.#locks = await this.#vault.locks()
    const isSame =
      before.isLocked === this.#locks.isLocked &&
      before.revoked.symmetricDifference(this.#locks.revoked).size === 0
    if (!isSame) this.#onLock(this.#locks)
  }

  async #compare(): Promise<void> {
    try {
      await this.#compareLocks()
      const before = this.#generations
      this.#generations = await generationsOf(this.#vault)
      for (const id of new Set([...before.keys(), ...this.#generations.keys()])) {
        if (before.get(id) !== this.#generations.get(id)) this.#onChange(id)
      }
    } catch {
      this.#mark = null
      log.debug('the vault could not be read after a change; looking again')
    }
  }
}

async function generationsOf(vault: Vault): Promise<Map<string, number>> {
  return new Map((await vault.list()).map(({ id, generation }) => [id, generation]))
}
