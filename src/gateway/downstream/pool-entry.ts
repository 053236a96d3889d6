import type { Server } from '../../config/index.ts'
import type { ClientDescription, Era } from '../eras/client.ts'
import type { ServerLink } from './link.ts'

export interface Wanted {
  readonly server: Server
  readonly client: ClientDescription
  /** The folder that the client app runs in. */
  readonly clientFolder: string
  /** The era that this server was of when it last ran for such a client. */
  readonly knownEra: Era | null
}

export interface PoolOwner {
  /** The entry's server has ended by itself. */
  ended(entry: PoolEntry): void
  /** It was not used for its idle time. */
  idle(entry: PoolEntry): void
}

/** One server of a pool, from its start to its end. */
export class PoolEntry {
  readonly wanted: Wanted
  readonly started: Promise<ServerLink>
  owner: PoolOwner
  link: ServerLink | null = null
  readonly #beganMs = performance.now()
  readonly #abort = new AbortController()
  #idleTimer: Timer | null = null

  constructor(wanted: Wanted, owner: PoolOwner, start: (signal: AbortSignal) => Promise<ServerLink>) {
    this.wanted = wanted
    this.owner = owner
    this.started = start(this.#abort.signal)
    this.started.then(
      (link) => this.#ready(link),
      () => this.owner.ended(this),
    )
  }

  get server(): Server {
    return this.wanted.server
  }

  get ageMs(): number {
    return performance.now() - this.#beganMs
  }

  /** Calls in flight end, then the process does. */
  async drain(): Promise<void> {
    this.#stopWatching()
    const link = await this.started.catch(() => null)
    // who has got the link already makes a call within this turn
    await new Promise<void>((resolve) => setImmediate(resolve))
    await link?.connection.whenQuiet()
    await link?.connection.stop()
  }

  async stop(): Promise<void> {
    this.#abort.abort()
    this.#stopWatching()
    const link = await this.started.catch(() => null)
    await link?.connection.stop()
  }

  /** As `stop`, and calls in flight get nothing more from the server while it ends. */
  cutOff(): Promise<void> {
    this.link?.connection.cutOff()
    return this.stop()
  }

  #ready(link: ServerLink): void {
    this.link = link
    this.#watchIdle(link)
    void link.connection.ended.then(() => {
      this.#stopWatching()
      this.owner.ended(this)
    })
  }

  /** Looked at twice per idle time, so that a call itself costs nothing. */
  #watchIdle(link: ServerLink): void {
    const idleMs = this.server.idleTimeoutSec * 1000
    if (idleMs === 0) return
    const { connection } = link
    let idleLooks = 0
    let lastCalls = 0
    this.#idleTimer = setInterval(() => {
      const isUsed = connection.callsInFlight > 0 || connection.hasTasks || link.isWatched
      const isIdle = !isUsed && connection.callsForwarded === lastCalls
      lastCalls = connection.callsForwarded
      idleLooks = isIdle ? idleLooks + 1 : 0
      if (idleLooks >= 2) this.owner.idle(this)
    }, idleMs / 2)
    this.#idleTimer.unref()
  }

  #stopWatching(): void {
    if (this.#idleTimer !== null) clearInterval(this.#idleTimer)
    this.#idleTimer = null
  }
}
