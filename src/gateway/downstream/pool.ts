import { isMcplexerError, log } from '../../base/index.ts'
import type { Server } from '../../config/index.ts'
import { BackOff } from './back-off.ts'
import type { Connection } from './connection.ts'
import { type StartedServer, type StarterDeps, startServer } from './starter.ts'

/** Errors that a person mends before calling again: waiting longer would only be in the way. */
const NOT_THE_SERVERS_FAULT = /^(AUTH|VAULT|STORE)_/

export interface PoolDeps extends StarterDeps {
  /** A server has become ready, for the first time or again. */
  onReady(started: StartedServer): void
  onToolsChanged(connection: Connection): void
}

interface Entry {
  readonly server: Server
  readonly started: Promise<Connection>
  readonly abort: AbortController
  connection: Connection | null
  idleTimer: Timer | null
}

/** The running servers of one client session: started by the first call, stopped when idle, replaced when changed. */
export class Pool {
  readonly #deps: PoolDeps
  readonly #entries = new Map<string, Entry>()
  readonly #backOffs = new Map<string, BackOff>()
  readonly #retiring = new Map<Entry, Promise<void>>()

  constructor(deps: PoolDeps) {
    this.#deps = deps
  }

  get connections(): Connection[] {
    return [...this.#entries.values()].flatMap(({ connection }) => connection ?? [])
  }

  /** The running connection, or a new one. Callers that come while it starts share that start. */
  acquire(server: Server): Promise<Connection> {
    return (this.#entries.get(server.id) ?? this.#start(server)).started
  }

  /** Takes the server out of use: calls in flight end, then the process does. The next call starts a fresh one. */
  retire(serverId: string): void {
    const entry = this.#entries.get(serverId)
    this.#backOffs.delete(serverId)
    if (entry === undefined) return
    this.#entries.delete(serverId)
    this.#retiring.set(
      entry,
      this.#drain(entry).finally(() => this.#retiring.delete(entry)),
    )
  }

  async close(): Promise<void> {
    const entries = [...this.#entries.values(), ...this.#retiring.keys()]
    this.#entries.clear()
    await Promise.all(entries.map((entry) => this.#stop(entry)))
  }

  #start(server: Server): Entry {
    const backOff = this.#backOffs.get(server.id) ?? new BackOff(server.id, () => performance.now())
    this.#backOffs.set(server.id, backOff)
    const abort = new AbortController()
    const started = this.#connect(server, backOff, abort.signal)
    const entry: Entry = { server, started, abort, connection: null, idleTimer: null }
    this.#entries.set(server.id, entry)
    entry.started.then(
      (connection) => {
        entry.connection = connection
        if (connection.endReason === null) this.#watchIdle(entry)
        else this.#forget(entry)
      },
      () => this.#forget(entry),
    )
    return entry
  }

  async #connect(server: Server, backOff: BackOff, signal: AbortSignal): Promise<Connection> {
    backOff.check()
    let ready: Connection | null = null
    try {
      const events = {
        // before that, the list is still to be asked for
        onToolsChanged: () => ready !== null && this.#deps.onToolsChanged(ready),
        onEnded: () => this.#ended(server.id),
      }
      const started = await startServer(server, this.#deps, events, signal)
      backOff.succeeded()
      ready = started.connection
      this.#deps.onReady(started)
      return started.connection
    } catch (error) {
      const isServersFault = !(isMcplexerError(error) && NOT_THE_SERVERS_FAULT.test(error.code))
      if (isServersFault) backOff.failed()
      throw error
    }
  }

  #ended(serverId: string): void {
    const entry = this.#entries.get(serverId)
    if (!entry?.connection?.endReason) return
    log.info(`server ${serverId} ended (${entry.connection.endReason}); the next call starts it again`)
    this.#forget(entry)
  }

  #forget(entry: Entry): void {
    if (entry.idleTimer !== null) clearInterval(entry.idleTimer)
    if (this.#entries.get(entry.server.id) === entry) this.#entries.delete(entry.server.id)
  }

  /** Looked at twice per idle time, so that a call itself costs nothing. */
  #watchIdle(entry: Entry): void {
    const idleMs = entry.server.idleTimeoutSec * 1000
    if (idleMs === 0 || this.#entries.get(entry.server.id) !== entry) return
    let idleLooks = 0
    let lastCalls = 0
    entry.idleTimer = setInterval(() => {
      const connection = entry.connection
      if (connection === null) return
      const isIdle = connection.callsInFlight === 0 && connection.callsForwarded === lastCalls
      lastCalls = connection.callsForwarded
      idleLooks = isIdle ? idleLooks + 1 : 0
      if (idleLooks >= 2) this.retire(entry.server.id)
    }, idleMs / 2)
    entry.idleTimer.unref()
  }

  async #drain(entry: Entry): Promise<void> {
    if (entry.idleTimer !== null) clearInterval(entry.idleTimer)
    const connection = await entry.started.catch(() => null)
    if (connection === null) return
    await connection.whenQuiet()
    await connection.stop()
  }

  async #stop(entry: Entry): Promise<void> {
    entry.abort.abort()
    if (entry.idleTimer !== null) clearInterval(entry.idleTimer)
    const connection = await entry.started.catch(() => null)
    await connection?.stop()
  }
}
