import type { LinkListener, ServerLink } from '../downstream/link.ts'

/** The running servers that one client has met. */
export class SessionLinks {
  readonly #listener: LinkListener
  readonly #links = new Set<ServerLink>()
  #logLevel: string | null = null

  constructor(listener: LinkListener) {
    this.#listener = listener
  }

  get all(): ServerLink[] {
    return [...this.#links]
  }

  /** False when it was met before, or is gone already. */
  meet(link: ServerLink): boolean {
    if (this.#links.has(link) || link.connection.endReason !== null) return false
    this.#links.add(link)
    link.listeners.add(this.#listener)
    if (this.#logLevel !== null) link.wantLogLevel(this.#logLevel)
    return true
  }

  forget(link: ServerLink): void {
    this.#links.delete(link)
  }

  /** To every legacy server; modern ones are told nothing. */
  broadcast(line: Uint8Array): void {
    for (const link of this.#links) if (link.era === 'legacy') link.connection.notify(line)
  }

  setLogLevel(level: string): void {
    this.#logLevel = level
    for (const link of this.#links) link.wantLogLevel(level)
  }

  /** The servers may go on for others. */
  leave(): void {
    for (const link of this.#links) link.listeners.delete(this.#listener)
  }
}
