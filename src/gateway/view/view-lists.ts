import type { Config, Server } from '../../config/index.ts'
import { Catalog } from '../catalog/catalog.ts'
import { byKind, type ListKind } from '../catalog/kinds.ts'
import { ListingMemory, type MemoryDeps } from '../catalog/listing-memory.ts'
import { mergedOpening, withheldComplaints } from '../catalog/opening.ts'
import { ShownLists } from '../catalog/shown-lists.ts'
import type { Opening, ServerListing, StoredReplies } from '../catalog/store.ts'
import { variantOf } from '../catalog/variant.ts'
import { atMost } from '../downstream/deadline.ts'
import type { ServerLink } from '../downstream/link.ts'
import { sameLaunch } from '../downstream/same-launch.ts'
import type { ClientDescription } from '../eras/client.ts'
import { publicWording } from '../public-wording.ts'
import { Listings } from './listings.ts'

/** How long a call of what is not listed waits for the lists that are being fetched. */
const LISTING_MS = 2000

interface ViewListDeps extends Omit<MemoryDeps, 'variant'> {
  readonly client: ClientDescription
  acquire(server: Server): Promise<ServerLink>
  /** Lists that the client has got are others now. */
  onChanged(kinds: readonly ListKind[]): void
}

/**
 * What one client is offered: the lists of all its servers as fetched (Listings), compared with their pins and
 * remembered (ListingMemory), merged (Catalog) and shown (ShownLists).
 */
export class ViewLists {
  readonly catalog: Catalog
  readonly #deps: ViewListDeps
  readonly #shown: ShownLists
  readonly #stored: ListingMemory
  readonly #listings: Listings
  #config: Config
  #isClosed = false

  /** `shown`: the lists that the client has got already from an earlier run. */
  constructor(deps: ViewListDeps, config: Config, shown: ReadonlyMap<ListKind, Uint8Array>) {
    this.#deps = deps
    this.#config = config
    this.catalog = new Catalog(config)
    const freshForMs = (serverId: string): number => this.#listings.freshForMs(serverId)
    this.#shown = new ShownLists(this.catalog, deps.client, shown, freshForMs)
    this.#stored = new ListingMemory({ ...deps, variant: variantOf(deps.client) })
    this.#listings = new Listings(deps.client, {
      onListed: (server, listing) => this.#listed(server, listing),
      onFailuresChanged: () => void this.#saveReplies(),
    })
  }

  /** Why servers could not be asked for their lists, by server id. */
  get failures(): ReadonlyMap<string, unknown> {
    return this.#listings.failures
  }

  /** Settles when the lists are there that are being fetched just now, or soon; null when none are. */
  listing(): Promise<void> | null {
    const underWay = this.#listings.underWay
    return underWay.length === 0
      ? null
      : atMost(
          LISTING_MS,
          Promise.allSettled(underWay).then(() => undefined),
        )
  }

  opening(): Opening {
    const offers = this.catalog.seen().map(({ server, listing }) => ({ server, offer: listing.offer }))
    const complaints = [...this.failures.values()].map(publicWording)
    return mergedOpening(offers, this.#deps.client.era, [...complaints, ...withheldComplaints(this.catalog)])
  }

  /** The result. Waits at most `first_list_wait_sec` for servers never seen; the rest comes by `list_changed`. */
  async list(kind: ListKind): Promise<Uint8Array> {
    const wanted = this.#config.enabled.filter(
      ({ id }) => this.catalog.listingOf(id) === null || this.#listings.isStale(id),
    )
    if (wanted.length > 0) await atMost(this.#config.firstListWaitSec * 1000, this.refresh(wanted))
    return this.#shown.show(kind)
  }

  /** Waits for servers never seen as long as each of them may take to start. */
  refreshUnseen(): Promise<void> {
    return this.refresh(this.#config.enabled.filter(({ id }) => this.catalog.listingOf(id) === null))
  }

  /** Of all enabled servers when none are named; each is started when it does not run. */
  async refresh(servers: readonly Server[] = this.#config.enabled): Promise<void> {
    await Promise.all(servers.map((server) => this.#refreshOne(server)))
  }

  /** All lists of a server that has just been started. */
  async refreshFrom(link: ServerLink): Promise<void> {
    try {
      await this.#listings.all(link)
      this.#announce()
    } catch (error) {
      this.#failed(link.server, error)
    }
  }

  /** Those that it says have changed. */
  async refreshChanged(link: ServerLink, kinds: readonly ListKind[]): Promise<void> {
    try {
      const listed = await this.#listings.again(link, kinds)
      for (const kind of listed) this.#shown.show(kind)
      if (listed.length > 0) this.#deps.onChanged(listed)
    } catch (error) {
      this.#failed(link.server, error)
    }
  }

  /** Takes over the stored lists; gives the servers that have none, or one of another launch. */
  async loadStored(servers: readonly Server[] = this.#config.enabled): Promise<Server[]> {
    const outdated: Server[] = []
    for (const server of servers) {
      const { listing, isOutdated } = await this.#stored.load(server)
      if (listing !== null) this.catalog.setListing(server.id, listing)
      if (isOutdated) outdated.push(server)
    }
    return outdated
  }

  /** `changed`: servers that are new in it, or launched otherwise. */
  async configure(config: Config, changed: readonly Server[]): Promise<void> {
    this.#config = config
    this.catalog.configure(config)
    await this.loadStored(changed.filter(({ id }) => this.catalog.listingOf(id) === null))
    this.#announce()
    await this.refresh(changed)
    await this.#saveReplies()
  }

  /** From now on nothing is said of servers that fail. */
  leave(): void {
    this.#isClosed = true
  }

  /** Settles when all that is to be remembered is. */
  kept(): Promise<void> {
    return this.#stored.kept()
  }

  async #refreshOne(server: Server): Promise<void> {
    try {
      const link = await this.#deps.acquire(server)
      if (this.#listings.isStale(server.id)) await this.refreshFrom(link)
      else await this.#listings.settled(server.id)
    } catch (error) {
      this.#failed(server, error)
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

  #announce(): void {
    const changed = this.#shown.takeChanged()
    if (changed.length > 0) this.#deps.onChanged(changed)
  }

  #saveReplies(): Promise<void> {
    return this.#stored.saveReplies(this.#config.digest, () => this.#replies())
  }

  /** When they are given to a client nobody knows how old they are. */
  #replies(): StoredReplies {
    return { opening: this.opening(), lists: byKind((kind) => this.#shown.result(kind, 0)) }
  }
}
