import { isMcplexerError, log } from '../../base/index.ts'
import type { Server } from '../../config/index.ts'
import { GatewayError } from '../gateway-error.ts'
import { BackOff } from './back-off.ts'
import type { Reachable } from './caller.ts'
import type { ServerLink } from './link.ts'
import { PoolEntry, type PoolOwner, type Wanted } from './pool-entry.ts'
import type { Slots } from './slots.ts'
import { type Start, type StarterDeps, startServer } from './starter.ts'

/** Errors that a person mends before calling again: waiting longer would only be in the way. */
const NOT_THE_SERVERS_FAULT = /^(AUDIT|AUTH|VAULT|STORE|SHIELD)_|^SERVER_LIMIT/

const NEXT = {
  'on-failure': 'the next call starts it again',
  always: 'it is started again',
  never: 'it stays down',
} as const

/** Running servers, of one session or shared: started by the first call, stopped when idle, replaced when changed. */
export class Pool implements PoolOwner {
  readonly #deps: StarterDeps
  readonly #slots: Slots
  readonly #entries = new Map<string, PoolEntry>()
  readonly #backOffs = new Map<string, BackOff>()
  /** Of servers that are brought back unasked. */
  readonly #restarts = new Map<string, Timer>()
  readonly #retiring = new Map<PoolEntry, Promise<void>>()
  /** Resolve when those that did not start have ended. */
  readonly #ending = new Map<string, Promise<void>>()
  /** Ended by themselves, with a policy that leaves them so. */
  readonly #downForGood = new Map<string, string>()
  #isClosed = false

  /** `slots`: of all pools of a gateway, for `max_instances`. */
  constructor(deps: StarterDeps, slots: Slots) {
    this.#deps = deps
    this.#slots = slots
  }

  get links(): ServerLink[] {
    return [...this.#entries.values()].flatMap(({ link }) => link ?? [])
  }

  has(serverId: string): boolean {
    return this.#entries.has(serverId)
  }

  /**
   * The running server, or a new one; what it says before it is ready is for `home`. Callers that come while it starts
   * share that start. None after `close`.
   */
  acquire(wanted: Wanted, home: Reachable | null = null): Promise<ServerLink> {
    const { id } = wanted.server
    if (this.#isClosed)
      return Promise.reject(new GatewayError('SERVER_ENDED', `server ${id} is no longer wanted`))
    const reason = this.#downForGood.get(id)
    if (reason !== undefined) return Promise.reject(staysDown(wanted.server, reason))
    return (this.#entries.get(id) ?? this.#start(wanted, home)).started
  }

  /** Takes over a server that another pool has started; false when this one has it already. */
  adopt(link: ServerLink, from: Pool): boolean {
    const entry = from.#entries.get(link.server.id)
    if (entry?.link !== link || this.has(link.server.id)) return false
    from.#entries.delete(link.server.id)
    this.#entries.set(link.server.id, entry)
    entry.owner = this
    return true
  }

  /** Takes the server out of use: calls in flight end, then the process does. The next call starts a fresh one. */
  retire(serverId: string): void {
    const entry = this.#entries.get(serverId)
    this.#forgetRestart(serverId)
    this.#backOffs.delete(serverId)
    this.#downForGood.delete(serverId)
    if (entry !== undefined) this.#drain(entry)
  }

  /** Ends the server, and with it the calls in flight, at once. */
  stop(serverId: string): void {
    const entry = this.#entries.get(serverId)
    this.#forgetRestart(serverId)
    this.#entries.delete(serverId)
    for (const each of this.#retiring.keys()) if (each.server.id === serverId) void each.cutOff()
    if (entry !== undefined) void entry.cutOff()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const id of this.#restarts.keys()) this.#forgetRestart(id)
    const entries = [...this.#entries.values(), ...this.#retiring.keys()]
    this.#entries.clear()
    await Promise.all(entries.map((entry) => entry.stop()))
    await Promise.all(this.#ending.values())
  }

  idle(entry: PoolEntry): void {
    this.#drain(entry)
  }

  ended(entry: PoolEntry): void {
    const { server, link } = entry
    if (this.#entries.get(server.id) !== entry) return
    this.#entries.delete(server.id)
    if (link === null || this.#isClosed) return
    const reason = link.connection.endReason ?? 'unknown reason'
    if (server.restartPolicy === 'never') this.#downForGood.set(server.id, reason)
    if (server.restartPolicy === 'always') this.#restart(entry, link)
    const next = NEXT[server.restartPolicy]
    log.info(`server ${server.id} ended (${reason}); ${next}`)
  }

  #restart({ wanted, server, ageMs }: PoolEntry, link: ServerLink): void {
    const timer = setTimeout(() => {
      this.#restarts.delete(server.id)
      // a call may have been faster
      this.acquire(wanted).then(
        (fresh) => link.back(fresh),
        () => undefined,
      )
    }, this.#backOffOf(server.id).waitAfterLife(ageMs))
    this.#restarts.set(server.id, timer)
  }

  #forgetRestart(serverId: string): void {
    clearTimeout(this.#restarts.get(serverId))
    this.#restarts.delete(serverId)
  }

  #backOffOf(id: string): BackOff {
    const backOff = this.#backOffs.get(id) ?? new BackOff(id, () => performance.now())
    this.#backOffs.set(id, backOff)
    return backOff
  }

  #start(wanted: Wanted, home: Reachable | null): PoolEntry {
    const { id } = wanted.server
    const backOff = this.#backOffOf(id)
    const entry = new PoolEntry(wanted, this, (signal) => this.#connect({ ...wanted, home, signal }, backOff))
    this.#entries.set(id, entry)
    return entry
  }

  async #connect(start: Omit<Start, 'onEnding'>, backOff: BackOff): Promise<ServerLink> {
    const { id } = start.server
    backOff.check()
    await this.#ending.get(id)
    const leave = await this.#slots.enter(start.server, start.signal)
    try {
      const onEnding = (gone: Promise<void>): void => this.#waitForEnd(id, gone)
      const link = await startServer({ ...start, onEnding }, this.#deps)
      backOff.succeeded()
      void link.connection.ended.then(leave)
      return link
    } catch (error) {
      void Promise.resolve(this.#ending.get(id)).then(leave)
      const isServersFault = !(isMcplexerError(error) && NOT_THE_SERVERS_FAULT.test(error.code))
      if (isServersFault) backOff.failed()
      throw error
    }
  }

  #waitForEnd(id: string, gone: Promise<void>): void {
    const ended = Promise.all([this.#ending.get(id), gone]).then(() => {
      if (this.#ending.get(id) === ended) this.#ending.delete(id)
    })
    this.#ending.set(id, ended)
  }

  #drain(entry: PoolEntry): void {
    this.#entries.delete(entry.server.id)
    this.#retiring.set(
      entry,
      entry.drain().finally(() => this.#retiring.delete(entry)),
    )
  }
}

function staysDown({ id }: Server, reason: string): GatewayError {
  return new GatewayError('SERVER_ENDED', `server ${id} ended (${reason}), and its restart_policy is never`, {
    hint: `change its entry, or restart your client`,
  })
}
