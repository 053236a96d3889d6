import { log } from '../base/index.ts'
import type { Vault } from '../vault/index.ts'

const LOOK_EVERY_MS = 100

/**
 * Tells when another process has put, overwritten or deleted a key. It looks at the vault's change mark, which
 * costs some microseconds, off the path of a call; a rotation changes the mark but no generation, and tells nobody.
 */
export class ScopeWatch {
  readonly #vault: Vault
  readonly #onChange: (scopeId: string) => void
  readonly #timer: Timer
  #mark: number | null
  #generations = new Map<string, number>()

  private constructor(vault: Vault, onChange: (scopeId: string) => void) {
    this.#vault = vault
    this.#onChange = onChange
    this.#mark = null
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS)
    this.#timer.unref()
  }

  static async start(vault: Vault, onChange: (scopeId: string) => void): Promise<ScopeWatch> {
    const watch = new ScopeWatch(vault, onChange)
    watch.#mark = vault.changeMark()
    watch.#generations = await generationsOf(vault)
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

  async #compare(): Promise<void> {
    try {
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
