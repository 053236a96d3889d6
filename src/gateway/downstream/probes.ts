import type { Server } from '../../config/index.ts'
import type { Era } from '../eras/client.ts'

/**
 * What era servers turn out to be of, for all sessions of a gateway: the era says whether a server is shared, so two
 * sessions that find it out at the same time would start it twice. A changed entry is another server.
 */
export class Probes {
  readonly #running = new WeakMap<Server, Promise<void>>()
  /** By the era of the client that has asked; a server of both eras answers each in its own. */
  readonly #found = new WeakMap<Server, Map<Era, Era>>()

  /** Resolves when the start that finds it out has ended, whatever comes of it; null when there is none. */
  running(server: Server): Promise<void> | null {
    return this.#running.get(server) ?? null
  }

  /** `start` ends once it was found out, or was not. */
  begin(server: Server, start: Promise<unknown>): void {
    const forget = (): void => {
      if (this.#running.get(server) === ended) this.#running.delete(server)
    }
    const ended = start.then(forget, forget)
    this.#running.set(server, ended)
  }

  found(server: Server, client: Era, era: Era): void {
    const eras = this.#found.get(server) ?? new Map<Era, Era>()
    this.#found.set(server, eras.set(client, era))
  }

  /** What the server is for such a client; null when nobody has found it out. */
  eraFor(server: Server, client: Era): Era | null {
    const eras = this.#found.get(server)
    // one that was asked in the other era, and answered in this one, speaks no other
    return eras?.get(client) ?? [...(eras?.values() ?? [])].find((era) => era === client) ?? null
  }
}
