import type { LinkListener, ServerLink } from '../downstream/link.ts'

/** Of notifications for one server that does not take its requests just now. */
const MAX_HELD_BYTES = 4 * 1024 * 1024

/** What a client has sent to one server that has not got it yet. */
interface OnItsWay {
  /** The numbers of requests, the oldest first. */
  readonly requests: Set<number>
  /** Notifications, each with the last request that it came behind. */
  readonly notifications: { readonly after: number; readonly line: Uint8Array }[]
  heldBytes: number
}

/** The running servers that one client has met. */
export class SessionLinks {
  readonly #listener: LinkListener
  readonly #links = new Set<ServerLink>()
  /** By server id. */
  readonly #onTheirWay = new Map<string, OnItsWay>()
  #lastRequest = 0
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

  /** A request is for a server, be that still starting; to be called when it has got it, or never will. */
  begin(serverId: string): () => void {
    const onItsWay = this.#onTheirWay.get(serverId) ?? { requests: new Set(), notifications: [], heldBytes: 0 }
    this.#onTheirWay.set(serverId, onItsWay)
    const request = ++this.#lastRequest
    onItsWay.requests.add(request)
    return () => {
      onItsWay.requests.delete(request)
      this.#tellHeld(serverId, onItsWay)
    }
  }

  /** To every legacy server, behind the requests that came before; modern ones are told nothing. */
  broadcast(line: Uint8Array): void {
    for (const link of this.#links) if (!this.#onTheirWay.has(link.server.id)) tell(link, line)
    for (const onItsWay of this.#onTheirWay.values()) {
      if (onItsWay.heldBytes + line.length > MAX_HELD_BYTES) continue
      onItsWay.notifications.push({ after: this.#lastRequest, line })
      onItsWay.heldBytes += line.length
    }
  }

  #tellHeld(serverId: string, onItsWay: OnItsWay): void {
    const { requests, notifications } = onItsWay
    const [oldest = Number.POSITIVE_INFINITY] = requests
    const isBehind = notifications.findIndex(({ after }) => after >= oldest)
    const free = notifications.splice(0, isBehind === -1 ? notifications.length : isBehind)
    for (const { line } of free) {
      onItsWay.heldBytes -= line.length
      for (const link of this.#links) if (link.server.id === serverId) tell(link, line)
    }
    const isOver = requests.size === 0 && this.#onTheirWay.get(serverId) === onItsWay
    if (isOver) this.#onTheirWay.delete(serverId)
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

function tell(link: ServerLink, line: Uint8Array): void {
  if (link.era === 'legacy') link.connection.notify(line)
}
