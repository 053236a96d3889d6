import type { Config, Server } from '../../config/index.ts'
import { HeldCalls } from '../bridge/held-calls.ts'
import { relay } from '../call.ts'
import type { CallRecorder } from '../call-record.ts'
import { kindsChangedBy, type ListKind } from '../catalog/kinds.ts'
import type { PinStore } from '../catalog/pins.ts'
import type { CatalogStore } from '../catalog/store.ts'
import type { Caller, Question, Reachable } from '../downstream/caller.ts'
import type { Flight } from '../downstream/flight.ts'
import type { LinkListener, ServerLink } from '../downstream/link.ts'
import { sameLaunch } from '../downstream/same-launch.ts'
import type { ClientDescription } from '../eras/client.ts'
import { GatewayError } from '../gateway-error.ts'
import { SessionMemory } from '../session-memory.ts'
import type { NotificationMessage, RequestMessage, ResponseMessage } from '../wire/message.ts'
import type { Waiting } from '../wire/pending.ts'
import { SessionLinks } from './session-links.ts'
import type { SessionPools } from './session-pools.ts'
import { mergedTasks } from './task-lists.ts'
import { TOPICS, type Topic, type TopicKind } from './topic.ts'
import { ViewLists } from './view-lists.ts'
import { watch } from './watch.ts'
import { type News, Watches } from './watches.ts'

/** How a client app is told, or asked, what belongs to no request of its own. */
export interface ViewHome extends Reachable {
  listChanged(kinds: readonly ListKind[]): void
  told(news: News): void
}

interface ViewDeps {
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
  readonly lists: ViewLists
  readonly links = new SessionLinks(this)
  readonly #deps: ViewDeps
  readonly #watches: Watches
  readonly #memory = new SessionMemory()
  readonly #heldCalls = new HeldCalls()
  #config: Config
  #isClosed = false

  private constructor(deps: ViewDeps, config: Config, shown: ReadonlyMap<ListKind, Uint8Array>) {
    this.#deps = deps
    this.#config = config
    this.#watches = new Watches(deps.client, {
      onNews: (news) => deps.home.told(news),
      publicUriOf: (server, key) => this.lists.catalog.publicUriOf(server, key),
    })
    const acquire = (server: Server) => this.#acquire(server)
    const onChanged = (kinds: readonly ListKind[]) => deps.home.listChanged(kinds)
    this.lists = new ViewLists({ ...deps, acquire, onChanged }, config, shown)
  }

  /** `shown`: the lists that the client has got already from an earlier run. */
  static async open(
    deps: ViewDeps,
    config: Config,
    shown: ReadonlyMap<ListKind, Uint8Array>,
  ): Promise<ClientView> {
    const view = new ClientView(deps, config, shown)
    const outdated = await view.lists.loadStored()
    if (shown.size > 0) void view.lists.refresh(outdated)
    return view
  }

  call(
    request: RequestMessage,
    caller: Caller,
    flight: Flight,
    onFailure: (error: unknown) => void = () => undefined,
  ): Promise<Uint8Array | null> {
    const way = this.#wayOf(caller.client)
    const acquire = (server: Server) => {
      flight.whenSent(this.links.begin(server.id))
      return way.acquire(server)
    }
    const listing = () => this.lists.listing()
    return relay({ ...way, acquire, listing, heldCalls: this.#heldCalls, onFailure }, request, caller, flight)
  }

  /** The result of `tasks/list`, as JSON source. */
  tasks(): Promise<string> {
    const order = [...this.#config.servers.keys()]
    const links = this.links.all.sort((a, b) => order.indexOf(a.server.id) - order.indexOf(b.server.id))
    return mergedTasks(links, this.#deps.client, ({ server }, taskId) =>
      this.#memory.rememberTask(server.id, taskId),
    )
  }

  /**
   * From now on news of what the request names come for `holder`, unless there is an error in the server's reply, which
   * is null when it gives none; `unknown` when nobody has it.
   */
  watch(
    kind: TopicKind,
    request: RequestMessage,
    holder: object,
    client = this.#deps.client,
  ): Promise<ResponseMessage | 'unknown' | null> {
    const onItsWay = (server: Server) => this.links.begin(server.id)
    return watch({ ...this.#wayOf(client), watches: this.#watches, onItsWay }, kind, request, holder)
  }

  unwatch(topic: Topic, holder: object): void {
    this.#watches.remove(topic, holder)
  }

  /** A server whose entry changed is replaced; new servers are listed; clients are told. */
  async configure(config: Config): Promise<void> {
    const before = this.#config
    this.#config = config
    const changed = config.enabled.filter((server) => !sameLaunch(before.servers.get(server.id), server))
    for (const id of before.servers.keys()) if (!config.servers.has(id)) this.#deps.pools.own.retire(id)
    for (const server of changed) this.#deps.pools.own.retire(server.id)
    for (const { id, isDisabled } of config.servers.values()) if (isDisabled) this.#deps.pools.own.retire(id)
    await this.lists.configure(config, changed)
  }

  /** The next call to a server that holds this scope starts a fresh process; one that is watched starts at once. */
  scopeChanged(scopeId: string): void {
    for (const server of this.#config.servers.values()) {
      if (server.authScope !== scopeId) continue
      this.#deps.pools.own.retire(server.id)
      if (this.#watches.has(server.id)) void this.lists.refresh([server])
    }
  }

  /** At once, whatever they are doing. */
  stop(serverId: string): void {
    this.#deps.pools.own.stop(serverId)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.lists.leave()
    this.#deps.onClosed()
    this.#heldCalls.close()
    this.#watches.close()
    this.links.leave()
    await this.#deps.pools.own.close()
    await this.lists.kept()
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
    if (kinds.length > 0) return void this.lists.refreshChanged(link, kinds)
    const isLost = link.listeners.size > 1 && this.room() !== undefined
    if (notification.method !== TOPICS.resource.news) return isLost ? undefined : this.notify(notification)
    this.#watches.resourceUpdated(link, notification)
  }

  onEnded(link: ServerLink): void {
    this.links.forget(link)
  }

  onBack(link: ServerLink): void {
    if (!this.#isClosed && this.links.meet(link)) this.#met(link)
  }

  /** From what a client sends to its server. */
  #wayOf(client: ClientDescription) {
    return {
      config: this.#config,
      catalog: this.lists.catalog,
      memory: this.#memory,
      recorder: this.#deps.recorder.of(client),
      checkLock: this.#deps.checkLock,
      acquire: (server: Server) => this.#acquire(server, client),
    }
  }

  async #acquire(server: Server, client = this.#deps.client): Promise<ServerLink> {
    const { pools } = this.#deps
    const knownEra = this.lists.catalog.listingOf(server.id)?.offer.era ?? null
    const link = await pools.acquire(server, client, knownEra)
    if (this.#isClosed) throw new GatewayError('SERVER_ENDED', 'the client has gone')
    if (this.links.meet(link)) this.#met(link)
    return link
  }

  #met(link: ServerLink): void {
    this.#watches.renew(link)
    link.listenForChanges(this.#deps.client)
    void this.lists.refreshFrom(link)
  }
}
