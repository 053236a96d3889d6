import type { Config, Server } from '../../config/index.ts'
import { HeldCalls } from '../bridge/held-calls.ts'
import { relay } from '../call.ts'
import type { CallRecorder } from '../call-record.ts'
import { Catalog } from '../catalog/catalog.ts'
import { KINDS, kindsChangedBy, type ListKind } from '../catalog/kinds.ts'
import { ListingMemory } from '../catalog/memory.ts'
import { mergedOpening, withheldComplaints } from '../catalog/opening.ts'
import type { PinStore } from '../catalog/pins.ts'
import { ShownLists } from '../catalog/shown-lists.ts'
import type { CatalogStore, Opening, ServerListing, StoredReplies } from '../catalog/store.ts'
import { variantOf } from '../catalog/variant.ts'
import type { Caller, ClientDescription, Question, Reachable } from '../downstream/caller.ts'
import { atMost } from '../downstream/deadline.ts'
import type { Flight } from '../downstream/flight.ts'
import type { LinkListener, ServerLink } from '../downstream/link.ts'
import { sameLaunch } from '../downstream/same-launch.ts'
import { findRoute } from '../route.ts'
import { publicWording } from '../upstream/rpc-error.ts'
import {
  type NotificationMessage,
  type RequestMessage,
  type ResponseMessage,
  textParam,
} from '../wire/message.ts'
import type { Waiting } from '../wire/pending.ts'
import { Listings } from './listings.ts'
import { ResourceWatches } from './resource-watches.ts'
import { SessionLinks } from './session-links.ts'
import { SessionMemory } from './session-memory.ts'
import type { SessionPools } from './session-pools.ts'
import { mergedTasks } from './task-lists.ts'

/** The client app behind a view, where no request of its own leads to it. */
export interface ViewHome extends Reachable {
  listChanged(kinds: readonly ListKind[]): void
  resourceUpdated(publicUri: string, notification: NotificationMessage): void
}

export interface ViewDeps {
  readonly client: ClientDescription
  readonly home: ViewHome
  readonly pools: SessionPools
  readonly store: CatalogStore | null
  readonly pins: PinStore | null
  readonly recorder: CallRecorder
  generationOf(server: Server): Promise<number | null>
  checkLock(server: Server): void
  onClosed(): void
}

/** Everything behind us as one client sees it: its lists and its running servers, in step with the configuration. */
export class ClientView implements LinkListener {
  readonly catalog: Catalog
  readonly #deps: ViewDeps
  readonly #lists: ShownLists
  readonly #stored: ListingMemory
  readonly #listings: Listings
  readonly #watches: ResourceWatches
  readonly #memory = new SessionMemory()
  readonly #heldCalls = new HeldCalls()
  readonly links = new SessionLinks(this)
  #isClosed = false
  #config: Config

  private constructor(deps: ViewDeps, config: Config, shown: ReadonlyMap<ListKind, Uint8Array>) {
    this.#deps = deps
    this.#config = config
    this.catalog = new Catalog(config)
    this.#lists = new ShownLists(this.catalog, deps.client, shown)
    this.#stored = new ListingMemory({ ...deps, variant: variantOf(deps.client) })
    this.#watches = new ResourceWatches(deps.client, (uri, update) => deps.home.resourceUpdated(uri, update))
    this.#listings = new Listings(deps.client, {
      onListed: (server, listing) => this.#listed(server, listing),
      onFailuresChanged: () => void this.#saveReplies(),
    })
  }

  /** `shown`: the lists that the client has got already from an earlier run. */
  static async open(
    deps: ViewDeps,
    config: Config,
    shown: ReadonlyMap<ListKind, Uint8Array>,
  ): Promise<ClientView> {
    const view = new ClientView(deps, config, shown)
    const outdated = await view.#loadStored(view.#enabled())
    if (shown.size > 0) void view.#listAll(outdated)
    return view
  }

  /** Why servers could not be asked for their lists, by server id. */
  get failures(): ReadonlyMap<string, unknown> {
    return this.#listings.failures
  }

  opening(): Opening {
    const offers = this.catalog.seen().map(({ server, listing }) => ({ server, offer: listing.offer }))
    const complaints = [...this.failures.values()].map(publicWording)
    return mergedOpening(offers, this.#deps.client.era, [...complaints, ...withheldComplaints(this.catalog)])
  }

  /** Waits for servers never seen as long as each of them may take to start. */
  listUnseen(): Promise<void> {
    return this.#listAll(this.#enabled().filter(({ id }) => this.catalog.listingOf(id) === null))
  }

  /** The result. Waits at most `first_list_wait_sec` for servers never seen; the rest comes by `list_changed`. */
  async list(kind: ListKind): Promise<Uint8Array> {
    const wanted = this.#enabled().filter(
      ({ id }) => this.catalog.listingOf(id) === null || this.#listings.isStale(id),
    )
    if (wanted.length > 0) await atMost(this.#config.firstListWaitSec * 1000, this.#listAll(wanted))
    return this.#lists.show(kind)
  }

  call(
    request: RequestMessage,
    caller: Caller,
    flight: Flight,
    onFailure: (error: unknown) => void = () => undefined,
  ): Promise<Uint8Array | null> {
    const [config, catalog, memory] = [this.#config, this.catalog, this.#memory]
    const acquire = (server: Server) => this.#acquire(server)
    const { recorder, checkLock } = this.#deps
    const heldCalls = this.#heldCalls
    const deps = { config, catalog, memory, recorder, checkLock, heldCalls, acquire, onFailure }
    return relay(deps, request, caller, flight)
  }

  /** The result of `tasks/list`, as JSON source. */
  tasks(): Promise<string> {
    return mergedTasks(this.links.all, ({ server }, taskId) => this.#memory.rememberTask(server.id, taskId))
  }

  /** News of the resource from now on. Null when it works, else the server's error; `unknown` when it is nobody's. */
  async watch(request: RequestMessage): Promise<ResponseMessage | 'unknown' | null> {
    const uri = textParam(request, 'uri')
    const route = findRoute(request, { config: this.#config, catalog: this.catalog, memory: this.#memory })
    if (route === null || uri === null) return 'unknown'
    const link = await this.#acquire(route.server)
    return this.#watches.add(link, this.catalog.find('resources', uri)?.key ?? uri, uri)
  }

  unwatch(publicUri: string): void {
    this.#watches.remove(publicUri)
  }

  /** Starts every enabled server and asks for its lists anew. */
  async refresh(): Promise<void> {
    await this.#listAll(this.#enabled())
  }

  /** A server whose entry changed is replaced; new servers are listed; clients are told. */
  async configure(config: Config): Promise<void> {
    const before = this.#config
    this.#config = config
    const changed = this.#enabled().filter((server) => !sameLaunch(before.servers.get(server.id), server))
    for (const id of before.servers.keys()) if (!config.servers.has(id)) this.#deps.pools.own.retire(id)
    for (const server of changed) this.#deps.pools.own.retire(server.id)
    for (const { id, isDisabled } of config.servers.values()) if (isDisabled) this.#deps.pools.own.retire(id)
    this.catalog.configure(config)
    await this.#loadStored(changed.filter(({ id }) => this.catalog.listingOf(id) === null))
    this.#announce()
    await this.#listAll(changed)
    await this.#saveReplies()
  }

  /** The next call to a server that holds this scope starts a fresh process. */
  scopeChanged(scopeId: string): void {
    for (const server of this.#config.servers.values()) {
      if (server.authScope === scopeId) this.#deps.pools.own.retire(server.id)
    }
  }

  /** At once, whatever they are doing. */
  stop(serverId: string): void {
    this.#deps.pools.own.stop(serverId)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#deps.onClosed()
    this.#heldCalls.close()
    this.links.leave()
    await this.#deps.pools.own.close()
    await this.#stored.kept()
  }

  ask(request: RequestMessage, waiting: Waiting): Question {
    return this.#deps.home.ask(request, waiting)
  }

  notify(notification: NotificationMessage): void | Promise<void> {
    return this.#deps.home.notify(notification)
  }

  room(): void | Promise<void> {
    return this.#deps.home.room()
  }

  onNotification(notification: NotificationMessage, link: ServerLink): void | Promise<void> {
    const kinds = kindsChangedBy(notification.method)
    if (kinds.length > 0) return void this.#relist(link, kinds)
    const isLost = link.listeners.size > 1 && this.room() !== undefined
    if (notification.method !== 'notifications/resources/updated')
      return isLost ? undefined : this.notify(notification)
    this.#watches.updated(link.server.id, textParam(notification, 'uri'), notification)
  }

  onEnded(link: ServerLink): void {
    this.links.forget(link)
  }

  async #acquire(server: Server): Promise<ServerLink> {
    const { pools, client } = this.#deps
    const knownEra = this.catalog.listingOf(server.id)?.offer.era ?? null
    const link = await pools.acquire(server, client, knownEra)
    if (this.links.meet(link)) this.#met(link)
    return link
  }

  #met(link: ServerLink): void {
    void this.#watches.renew(link)
    link.listenForChanges(this.#deps.client)
    void this.#listAnew(link)
  }

  async #listAnew(link: ServerLink): Promise<void> {
    try {
      await this.#listings.all(link)
      this.#announce()
    } catch (error) {
      this.#failed(link.server, error)
    }
  }

  async #relist(link: ServerLink, kinds: readonly ListKind[]): Promise<void> {
    try {
      const listed = await this.#listings.again(link, kinds)
      for (const kind of listed) this.#lists.show(kind)
      if (listed.length > 0) this.#deps.home.listChanged(listed)
    } catch (error) {
      this.#failed(link.server, error)
    }
  }

  async #listed(server: Server, listing: ServerListing): Promise<void> {
    const current = this.#config.servers.get(server.id)
    if (current === undefined || !sameLaunch(current, server)) return
    const accepted = await this.#stored.accept(server, listing)
    this.catalog.setListing(server.id, accepted)
    this.#stored.keep(server, accepted, this.#config.digest, () => this.#replies())
  }

  #failed(server: Server, error: unknown): void {
    if (!this.#isClosed) this.#listings.failed(server, error)
  }

  #enabled(): Server[] {
    return [...this.#config.servers.values()].filter((server) => !server.isDisabled)
  }

  /** Takes over the stored lists; gives the servers that have none, or one of another launch. */
  async #loadStored(servers: readonly Server[]): Promise<Server[]> {
    const outdated: Server[] = []
    for (const server of servers) {
      const { listing, isOutdated } = await this.#stored.load(server)
      if (listing !== null) this.catalog.setListing(server.id, listing)
      if (isOutdated) outdated.push(server)
    }
    return outdated
  }

  async #listAll(servers: readonly Server[]): Promise<void> {
    await Promise.all(servers.map((server) => this.#listServer(server)))
  }

  async #listServer(server: Server): Promise<void> {
    try {
      const link = await this.#acquire(server)
      if (this.#listings.isStale(server.id)) await this.#listAnew(link)
      else await this.#listings.settled(server.id)
    } catch (error) {
      this.#failed(server, error)
    }
  }

  #announce(): void {
    const changed = this.#lists.takeChanged()
    if (changed.length > 0) this.#deps.home.listChanged(changed)
  }

  #saveReplies(): Promise<void> {
    return this.#stored.saveReplies(this.#config.digest, () => this.#replies())
  }

  #replies(): StoredReplies {
    const lists = Object.fromEntries(KINDS.map((kind) => [kind, this.#lists.result(kind)]))
    return { opening: this.opening(), lists: lists as StoredReplies['lists'] }
  }
}
