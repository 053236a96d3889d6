import type { Outlet } from './outlet.ts'

/**
 * Sends what replaces what was said before about the same thing. To a client that reads slowly only the last word
 * of each goes, so that a server which talks without end fills no memory.
 */
export class Latest {
  readonly #outlet: Outlet
  readonly #waiting = new Map<string, Uint8Array>()
  #isDraining = false

  constructor(outlet: Outlet) {
    this.#outlet = outlet
  }

  send(about: string, line: Uint8Array): void {
    this.#waiting.set(about, line)
    if (!this.#isDraining) void this.#drain()
  }

  async #drain(): Promise<void> {
    this.#isDraining = true
    for (let room = this.#outlet.room(); this.#waiting.size > 0; room = this.#outlet.room()) {
      if (room !== undefined) await room
      const [next] = this.#waiting
      if (next === undefined) break
      this.#waiting.delete(next[0])
      void this.#outlet.send(next[1])
    }
    this.#isDraining = false
  }
}
