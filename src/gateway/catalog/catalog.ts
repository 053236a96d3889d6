import { log } from '../../base/index.ts'
import type { Config, Server } from '../../config/index.ts'
import { textOf } from '../wire/json-span.ts'
import { keyIn, keySpanIn } from './item-key.ts'
import { byKind, LIST_KINDS, type ListKind } from './kinds.ts'
import { type CatalogItem, hasUris, mergedItems, renamed } from './merge.ts'
import { namespaceIn, publicKey, publicUri } from './namespace.ts'
import { toolOf } from './pinned-item.ts'
import { plainSource, plainText } from './plain-text.ts'
import type { ServerListing } from './store.ts'

/** A server may change its lists for ever, and nobody reads more. */
const MAX_WARNINGS = 100

type Merged = Record<ListKind, ReadonlyMap<string, CatalogItem>>
type Items = Record<ListKind, readonly CatalogItem[]>

const encoder = new TextEncoder()

/** The merged lists of all enabled servers, in the order of the configuration, then of each server. */
export class Catalog {
  readonly #listings = new Map<string, ServerListing>()
  /** By server: there may be many, and they come one after the other. */
  readonly #items = new Map<string, Items>()
  readonly #results = new Map<ListKind, Uint8Array>()
  readonly #warnings = new Set<string>()
  #config: Config
  #merged: Merged | null = null

  constructor(config: Config) {
    this.#config = config
  }

  configure(config: Config): void {
    this.#config = config
    this.#items.clear()
    this.#forgetMerged()
  }

  setListing(serverId: string, listing: ServerListing): void {
    this.#listings.set(serverId, listing)
    this.#items.delete(serverId)
    this.#forgetMerged()
  }

  listingOf(serverId: string): ServerListing | null {
    return this.#listings.get(serverId) ?? null
  }

  /** Enabled servers that were seen, in the order of the configuration. */
  seen(): { server: Server; listing: ServerListing }[] {
    return this.#config.enabled.flatMap((server) => {
      const listing = this.listingOf(server.id)
      return listing === null ? [] : { server, listing }
    })
  }

  /** Whether there is no enabled server that was not seen. */
  get isWhole(): boolean {
    return this.#config.enabled.every(({ id }) => this.#listings.has(id))
  }

  find(kind: ListKind, key: string): CatalogItem | null {
    return this.#current()[kind].get(key) ?? null
  }

  /** How clients know a resource of the server, be it listed or not. */
  publicUriOf({ namespace }: Server, key: string): string {
    const ofSeveral = publicUri(namespace, key)
    return this.find('resources', ofSeveral) === null ? publicKey('resources', namespace, key) : ofSeveral
  }

  all(kind: ListKind): IterableIterator<CatalogItem> {
    return this.#current()[kind].values()
  }

  /** `{"tools":[…]}` and so on. */
  listResult(kind: ListKind): Uint8Array {
    const known = this.#results.get(kind)
    if (known !== undefined) return known
    const sources = [...this.#current()[kind].values()].map(({ source }) => source)
    const result = encoder.encode(`{"${LIST_KINDS[kind].member}":[${sources.join(',')}]}`)
    this.#results.set(kind, result)
    return result
  }

  /** The server whose tool of this public name is withheld; null: it is not. */
  withholder(publicName: string): Server | null {
    const found = this.seen().find(({ server, listing }) =>
      listing.withheld.some((item) => {
        const tool = toolOf(item)
        return tool !== null && publicKey('tools', server.namespace, tool) === publicName
      }),
    )
    return found?.server ?? null
  }

  /** Made to be taken for something of another server. */
  #isDeceptive(server: Server, kind: ListKind, key: string): boolean {
    if (kind === 'tools') return this.#looksLikeAnother(server, key)
    return hasUris(kind) && this.#hasUriOfAnother(server, key)
  }

  /** `mcplexer:github:x` of a server that is not github. */
  #hasUriOfAnother(server: Server, uri: string): boolean {
    const claimed = namespaceIn(uri)
    if (claimed === null) return false
    const other = this.#config.enabled.find(({ id, namespace }) => id !== server.id && namespace === claimed)
    if (other !== undefined)
      this.#warnOnce(`${server.id}: a URI like one of ${other.id} is left out: ${plainText(uri)}`)
    return other !== undefined
  }

  /** `github__x` of a server that is not github. */
  #looksLikeAnother(server: Server, name: string): boolean {
    const isOf = ({ id, namespace }: Server) =>
      id !== server.id && namespace !== '' && name.toLowerCase().startsWith(`${namespace}__`)
    const other = this.#config.enabled.find(isOf)
    if (other !== undefined)
      this.#warnOnce(`${server.id}: a tool named like one of ${other.id} is left out: ${plainText(name)}`)
    return other !== undefined
  }

  #forgetMerged(): void {
    this.#merged = null
    this.#results.clear()
  }

  #current(): Merged {
    if (this.#merged !== null) return this.#merged
    const items = this.seen().map(({ server, listing }) => this.#itemsOf(server, listing))
    this.#merged = byKind((kind) => {
      const all = items.flatMap((each) => each[kind])
      return mergedItems(kind, all, (text) => this.#warnOnce(text))
    })
    return this.#merged
  }

  /** The lists are merged anew whenever one of them changes. */
  #warnOnce(text: string): void {
    if (this.#warnings.has(text) || this.#warnings.size >= MAX_WARNINGS) return
    this.#warnings.add(text)
    log.warn(text)
  }

  #itemsOf(server: Server, listing: ServerListing): Items {
    const known = this.#items.get(server.id)
    if (known !== undefined) return known
    const items = byKind((kind) =>
      listing.lists[kind].flatMap((written) => this.#itemIn(server, kind, written)),
    )
    this.#items.set(server.id, items)
    return items
  }

  /** None when it has no name, or a deceptive one. */
  #itemIn(server: Server, kind: ListKind, written: string): CatalogItem[] {
    const source = plainSource(written)
    const bytes = encoder.encode(source)
    // without what nobody sees it may be no object with a name any more, or one with two
    const span = keySpanIn(bytes, LIST_KINDS[kind].key)
    if (span === null) return []
    const key = source === written ? textOf(bytes, span) : keyIn(written, LIST_KINDS[kind].key)
    if (key === null) return []
    if (this.#isDeceptive(server, kind, key)) return []
    const name = publicKey(kind, server.namespace, key)
    return [{ server, key, publicKey: name, source: name === key ? source : renamed(bytes, span, name) }]
  }
}
