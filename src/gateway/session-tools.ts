import { Coalescer, isMcplexerError, log } from '../base/index.ts'
import type { Config, Server } from '../config/index.ts'
import { callTool } from './call.ts'
import { Catalog } from './catalog/catalog.ts'
import { type CatalogStore, variantOf } from './catalog/store.ts'
import type { Connection } from './downstream/connection.ts'
import type { Flight } from './downstream/flight.ts'
import { listTools } from './downstream/handshake.ts'
import { Pool } from './downstream/pool.ts'
import type { StartedServer, StarterDeps } from './downstream/starter.ts'
import { publicWording } from './upstream/rpc-error.ts'
import type { ToolService } from './upstream/session.ts'
import { encodeMessage, type RequestMessage } from './wire/message.ts'

export interface SessionToolsDeps extends StarterDeps {
  readonly store: CatalogStore | null
}

/** However often a server says that its list has changed. */
const REFRESH_PAUSE_MS = 250

/** The tools of one session: its catalogue and its running servers, kept in step with the configuration. */
export class SessionTools implements ToolService {
  readonly #deps: SessionToolsDeps
  readonly #pool: Pool
  readonly #catalog: Catalog
  readonly #variant: string
  readonly #refreshes = new Map<string, Promise<void>>()
  readonly #failures = new Map<string, unknown>()
  readonly #coalescers = new WeakMap<Connection, Coalescer>()
  #isClosed = false
  #config: Config
  #shown: Uint8Array | null

  private constructor(deps: SessionToolsDeps, config: Config, shown: Uint8Array | null) {
    this.#deps = deps
    this.#config = config
    this.#shown = shown
    this.#variant = variantOf(deps.peer)
    this.#catalog = new Catalog(config)
    this.#pool = new Pool({
      ...deps,
      onReady: (started) => this.#refreshFirst(started),
      onToolsChanged: (connection) => this.#listChanged(connection),
    })
  }

  /** `shown`: the list that the client has got already from an earlier run, or null. */
  static async open(deps: SessionToolsDeps, config: Config, shown: Uint8Array | null): Promise<SessionTools> {
    const tools = new SessionTools(deps, config, shown)
    const outdated = await tools.#loadStored(tools.#enabled())
    if (shown !== null) void tools.#listAll(outdated).then(() => tools.#announce())
    return tools
  }

  /** Why servers could not be asked for their tools, by server id. */
  get failures(): ReadonlyMap<string, unknown> {
    return this.#failures
  }

  get catalog(): Catalog {
    return this.#catalog
  }

  /** Waits at most `first_list_wait_sec` for servers that were never listed; the rest comes by `list_changed`. */
  async list(): Promise<Uint8Array> {
    const unlisted = this.#enabled().filter((server) => !this.#catalog.hasListOf(server.id))
    if (unlisted.length > 0) await atMost(this.#config.firstListWaitSec * 1000, this.#listAll(unlisted))
    this.#shown = this.#catalog.listReply()
    return this.#shown
  }

  call(request: RequestMessage, flight: Flight): Promise<Uint8Array | null> {
    return callTool({ config: this.#config, catalog: this.#catalog, pool: this.#pool }, request, flight)
  }

  /** Starts every enabled server and lists its tools anew. */
  async refresh(): Promise<void> {
    await this.#listAll(this.#enabled())
  }

  broadcast(line: Uint8Array): void {
    for (const connection of this.#pool.connections) connection.notify(line)
  }

  /** A server whose entry changed is replaced; new servers are listed; clients are told. */
  async configure(config: Config): Promise<void> {
    const before = this.#config
    this.#config = config
    const changed = [...config.servers.values()].filter(
      (server) => !sameLaunch(before.servers.get(server.id), server),
    )
    for (const id of before.servers.keys()) if (!config.servers.has(id)) this.#pool.retire(id)
    for (const server of changed) this.#pool.retire(server.id)
    this.#catalog.configure(config)
    await this.#loadStored(
      changed.filter((server) => !server.isDisabled && !this.#catalog.hasListOf(server.id)),
    )
    this.#announce()
    await this.#listAll(changed.filter((server) => !server.isDisabled))
    await this.#save()
  }

  /** The next call to a server that holds this scope starts a fresh process. */
  scopeChanged(scopeId: string): void {
    for (const server of this.#config.servers.values()) {
      if (server.authScope === scopeId) this.#pool.retire(server.id)
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#pool.close()
  }

  #enabled(): Server[] {
    return [...this.#config.servers.values()].filter((server) => !server.isDisabled)
  }

  /** Takes over the stored lists; gives the servers that have none, or one of another launch. */
  async #loadStored(servers: readonly Server[]): Promise<Server[]> {
    const outdated: Server[] = []
    for (const server of servers) {
      const stored = await this.#deps.store?.load(server.id, this.#variant).catch(() => null)
      if (stored) this.#catalog.setTools(server.id, stored.sources)
      if (stored?.fingerprint !== (await this.#fingerprint(server))) outdated.push(server)
    }
    return outdated
  }

  async #listAll(servers: readonly Server[]): Promise<void> {
    await Promise.all(servers.map((server) => this.#listServer(server)))
  }

  async #listServer(server: Server): Promise<void> {
    try {
      await this.#pool.acquire(server)
      await this.#refreshes.get(server.id)
    } catch (error) {
      this.#reportFailure(server, error)
    }
  }

  #reportFailure(server: Server, error: unknown): void {
    if (this.#isClosed) return
    const before = this.#failures.get(server.id)
    this.#failures.set(server.id, error)
    if (before === undefined || publicWording(before) !== publicWording(error)) {
      void this.#save()
      log.warn(isMcplexerError(error) ? error.message : `server ${server.id} failed unexpectedly`)
      if (isMcplexerError(error) && error.hint !== undefined) log.info(`hint: ${error.hint}`)
    }
  }

  #refreshFirst({ connection, hasTools }: StartedServer): void {
    const refresh = this.#readTools(connection, hasTools).then(() => this.#announce())
    this.#refreshes.set(connection.server.id, refresh)
    refresh.catch((error) => this.#reportFailure(connection.server, error))
  }

  #listChanged(connection: Connection): void {
    const known = this.#coalescers.get(connection)
    const coalescer = known ?? new Coalescer(() => this.#refreshAgain(connection), REFRESH_PAUSE_MS)
    this.#coalescers.set(connection, coalescer)
    void coalescer.request()
  }

  async #refreshAgain(connection: Connection): Promise<void> {
    const id = connection.server.id
    const refresh = (this.#refreshes.get(id) ?? Promise.resolve())
      .catch(() => undefined)
      .then(() => this.#readTools(connection, true))
    this.#refreshes.set(id, refresh)
    try {
      await refresh
      this.#shown = this.#catalog.listReply()
      void this.#deps.peer.notify(LIST_CHANGED)
    } catch (error) {
      this.#reportFailure(connection.server, error)
    }
  }

  async #readTools(connection: Connection, hasTools: boolean): Promise<void> {
    const { server } = connection
    const sources = hasTools ? await listTools(connection) : []
    this.#failures.delete(server.id)
    const current = this.#config.servers.get(server.id)
    if (current === undefined || !sameLaunch(current, server)) return
    this.#catalog.setTools(server.id, sources)
    await this.#save({ server, sources })
  }

  /** Tells the client when what it was shown is no longer what it would get. */
  #announce(): void {
    const current = this.#catalog.listReply()
    if (this.#shown === null || Buffer.compare(this.#shown, current) === 0) return
    this.#shown = current
    void this.#deps.peer.notify(LIST_CHANGED)
  }

  async #save(listed?: { server: Server; sources: readonly string[] }): Promise<void> {
    const store = this.#deps.store
    if (store === null) return
    try {
      if (listed !== undefined) {
        const fingerprint = await this.#fingerprint(listed.server)
        await store.save(listed.server.id, this.#variant, { fingerprint, sources: listed.sources })
      }
      const replies = { tools: this.#catalog.listReply(), instructions: this.#instructions() }
      await store.saveReplies(this.#config.digest, this.#variant, replies)
    } catch (error) {
      log.debug(`the list of tools was not stored (${isMcplexerError(error) ? error.code : 'unexpected'})`)
    }
  }

  #instructions(): string {
    return [...this.#failures.values()].map(publicWording).join('\n')
  }

  async #fingerprint(server: Server): Promise<string> {
    const generation = await this.#deps.credentials.generationOf(server).catch(() => null)
    return new Bun.CryptoHasher('sha256').update(JSON.stringify([server, generation])).digest('hex')
  }
}

const LIST_CHANGED = encodeMessage({ method: 'notifications/tools/list_changed' })

function sameLaunch(before: Server | undefined, after: Server): boolean {
  return JSON.stringify(before) === JSON.stringify(after)
}

async function atMost(ms: number, work: Promise<void>): Promise<void> {
  let timer: Timer | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([work, late])
  clearTimeout(timer)
}
