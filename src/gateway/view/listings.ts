import { Coalescer, log } from '../../base/index.ts'
import type { Server } from '../../config/index.ts'
import { KINDS, LIST_KINDS, type ListKind } from '../catalog/kinds.ts'
import type { ServerListing } from '../catalog/store.ts'
import type { ServerLink } from '../downstream/link.ts'
import { fetchList, type ServerList } from '../downstream/listing.ts'
import type { ClientDescription } from '../eras/client.ts'
import { publicWording } from '../public-wording.ts'

/** However often a server says that a list has changed. */
const REFRESH_PAUSE_MS = 250
const NO_LIST: ServerList = { items: [], ttlMs: Number.POSITIVE_INFINITY }

interface ListingEvents {
  onListed(server: Server, listing: ServerListing): Promise<void>
  /** What is known of servers that fail has changed. */
  onFailuresChanged(): void
}

interface Relisting {
  /** Said to have changed since the last run began. */
  readonly changed: Set<ListKind>
  /** Those of the last run. */
  listed: readonly ListKind[]
  readonly coalescer: Coalescer
  /** The run that somebody waits for. */
  awaited: Promise<void> | null
}

/** Asks servers for their lists: all of them when a server is first seen, later those that it says have changed. */
export class Listings {
  readonly #client: ClientDescription
  readonly #events: ListingEvents
  readonly #failures = new Map<string, unknown>()
  readonly #current = new Map<string, ServerListing>()
  readonly #freshUntil = new Map<string, number>()
  readonly #running = new Map<string, Promise<void>>()
  readonly #relistings = new WeakMap<ServerLink, Relisting>()
  readonly #underWay = new Set<Promise<void>>()

  constructor(client: ClientDescription, events: ListingEvents) {
    this.#client = client
    this.#events = events
  }

  /** Why servers could not be asked, by server id. */
  get failures(): ReadonlyMap<string, unknown> {
    return this.#failures
  }

  /** What is being fetched just now, or will be because a server has said so. */
  get underWay(): Promise<void>[] {
    return [...this.#underWay]
  }

  /** Settles when the lists that are being fetched are there. */
  settled(serverId: string): Promise<void> {
    return this.#running.get(serverId) ?? Promise.resolve()
  }

  /** Whether the server's own time for its lists is over, and it would not tell us of a change. */
  isStale(serverId: string): boolean {
    return performance.now() >= (this.#freshUntil.get(serverId) ?? Number.POSITIVE_INFINITY)
  }

  /** How long its lists may be taken for fresh from now on; those of an earlier run may be of any age. */
  freshForMs(serverId: string): number {
    const freshUntil = this.#freshUntil.get(serverId)
    if (freshUntil === undefined) return this.#current.get(serverId)?.ttlMs ?? 0
    return Math.max(0, Math.floor(freshUntil - performance.now()))
  }

  /** All lists of a server. Rejects as the server does; `failed` is for the caller to say. */
  all(link: ServerLink): Promise<void> {
    return this.#run(link, KINDS)
  }

  /**
   * The server has said so; asked about at most four times a second. Gives the kinds that were listed, to the first
   * only of those who wait for the same run.
   */
  async again(link: ServerLink, kinds: readonly ListKind[]): Promise<readonly ListKind[]> {
    const relisting = this.#relistings.get(link) ?? this.#newRelisting(link)
    for (const kind of kinds) relisting.changed.add(kind)
    const run = relisting.coalescer.request()
    if (relisting.awaited === run) return []
    relisting.awaited = run
    await this.#tracked(run)
    return relisting.listed
  }

  #newRelisting(link: ServerLink): Relisting {
    const refresh = async (): Promise<void> => {
      relisting.listed = [...relisting.changed]
      relisting.changed.clear()
      await this.settled(link.server.id).catch(() => undefined)
      await this.#run(link, relisting.listed)
    }
    const coalescer = new Coalescer(refresh, REFRESH_PAUSE_MS)
    const relisting: Relisting = { changed: new Set(), listed: [], coalescer, awaited: null }
    this.#relistings.set(link, relisting)
    return relisting
  }

  failed(server: Server, error: unknown): void {
    const before = this.#failures.get(server.id)
    this.#failures.set(server.id, error)
    if (before !== undefined && publicWording(before) === publicWording(error)) return
    this.#events.onFailuresChanged()
    log.failure(error, `server ${server.id} failed unexpectedly`, 'warn')
  }

  #run(link: ServerLink, kinds: readonly ListKind[]): Promise<void> {
    const run = this.#tracked(this.#ask(link, kinds))
    this.#running.set(link.server.id, run)
    run.catch(() => undefined)
    return run
  }

  #tracked(run: Promise<void>): Promise<void> {
    this.#underWay.add(run)
    const end = (): void => void this.#underWay.delete(run)
    run.then(end, end)
    return run
  }

  async #ask(link: ServerLink, kinds: readonly ListKind[]): Promise<void> {
    const { server } = link
    const fetched = await Promise.all(kinds.map(async (kind) => [kind, await this.#list(link, kind)] as const))
    const before = this.#current.get(server.id)?.lists ?? EMPTY_LISTS
    const items = Object.fromEntries(fetched.map(([kind, { items }]) => [kind, items]))
    const ttlMs = Math.min(...fetched.map(([, { ttlMs }]) => ttlMs))
    const listing = {
      offer: link.offer,
      lists: { ...before, ...items },
      ttlMs: Number.isFinite(ttlMs) ? ttlMs : 0,
      withheld: [],
    }
    this.#current.set(server.id, listing)
    if (link.era === 'modern' && !tellsChanges(link))
      this.#freshUntil.set(server.id, performance.now() + listing.ttlMs)
    this.#failures.delete(server.id)
    await this.#events.onListed(server, listing)
  }

  #list(link: ServerLink, kind: ListKind): Promise<ServerList> {
    const { capability } = LIST_KINDS[kind]
    return link.offers(capability) ? this.#listOffered(link, kind) : Promise.resolve(NO_LIST)
  }

  /** Many servers with resources know no templates, and say so with an error. */
  async #listOffered(link: ServerLink, kind: ListKind): Promise<ServerList> {
    try {
      return await fetchList(link, this.#client, LIST_KINDS[kind])
    } catch (error) {
      if (kind === 'tools' || link.connection.endReason !== null) throw error
      log.debug(`${link.server.id}: ${LIST_KINDS[kind].method} failed`)
      return NO_LIST
    }
  }
}

const EMPTY_LISTS: ServerListing['lists'] = { tools: [], prompts: [], resources: [], templates: [] }

function tellsChanges({ offer }: ServerLink): boolean {
  const capabilities: Record<string, { listChanged?: boolean } | undefined> = JSON.parse(offer.capabilities)
  const listing = [...new Set(KINDS.map((kind) => LIST_KINDS[kind].capability))]
  return listing.every((name) => capabilities[name] === undefined || capabilities[name]?.listChanged === true)
}
