import { log } from '../../base/index.ts'
import type { Config, Server } from '../../config/index.ts'
import { members, splice, trimmed } from '../wire/json-span.ts'
import { replaceWith } from '../wire/message.ts'
import { keyIn } from './item-key.ts'
import { KINDS, LIST_KINDS, type ListKind } from './kinds.ts'
import { publicKey, publicUri } from './namespace.ts'
import { plainSource, plainText } from './plain-text.ts'
import type { ServerListing } from './store.ts'

/** One tool, prompt, resource or template of one server. */
export interface CatalogItem {
  readonly server: Server
  /** The name or URI by which the server knows it. */
  readonly key: string
  readonly publicKey: string
  /** As the server wrote it, but for the name and for characters that nobody sees. */
  readonly source: string
}

type Merged = Record<ListKind, ReadonlyMap<string, CatalogItem>>

/** In front of the name of a withheld tool. */
const TOOLS = 'tools/'
const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** The merged lists of all enabled servers, in the order of the configuration, then of each server. */
export class Catalog {
  readonly #listings = new Map<string, ServerListing>()
  readonly #results = new Map<string, Uint8Array>()
  #config: Config
  #merged: Merged

  constructor(config: Config) {
    this.#config = config
    this.#merged = this.#merge()
  }

  configure(config: Config): void {
    this.#config = config
    this.#merged = this.#merge()
  }

  setListing(serverId: string, listing: ServerListing): void {
    this.#listings.set(serverId, listing)
    this.#merged = this.#merge()
  }

  listingOf(serverId: string): ServerListing | null {
    return this.#listings.get(serverId) ?? null
  }

  /** Enabled servers that were seen, in the order of the configuration. */
  seen(): { server: Server; listing: ServerListing }[] {
    return this.#enabled().flatMap((server) => {
      const listing = this.listingOf(server.id)
      return listing === null ? [] : { server, listing }
    })
  }

  find(kind: ListKind, key: string): CatalogItem | null {
    return this.#merged[kind].get(key) ?? null
  }

  all(kind: ListKind): IterableIterator<CatalogItem> {
    return this.#merged[kind].values()
  }

  /** `{"tools":[…]}` and so on; `more`: further members as JSON text, with a comma before. */
  listResult(kind: ListKind, more = ''): Uint8Array {
    const known = this.#results.get(kind + more)
    if (known !== undefined) return known
    const sources = [...this.#merged[kind].values()].map(({ source }) => source)
    const result = encoder.encode(`{"${LIST_KINDS[kind].member}":[${sources.join(',')}]${more}}`)
    this.#results.set(kind + more, result)
    return result
  }

  /** The server whose tool of this public name is withheld; null: it is not. */
  withholder(publicName: string): Server | null {
    const found = this.seen().find(({ server, listing }) =>
      (listing.withheld ?? []).some(
        (item) => publicKey('tools', server.namespace, item.slice(TOOLS.length)) === publicName,
      ),
    )
    return found?.server ?? null
  }

  /** `github__x` of a server that is not github: made to be taken for another one's. */
  #looksLikeAnother(server: Server, name: string): boolean {
    const isOf = ({ id, namespace }: Server) =>
      id !== server.id && namespace !== '' && name.toLowerCase().startsWith(`${namespace}__`)
    const other = this.#enabled().find(isOf)
    if (other !== undefined)
      log.warn(`${server.id}: a tool named like one of ${other.id} is left out: ${plainText(name)}`)
    return other !== undefined
  }

  #enabled(): Server[] {
    return [...this.#config.servers.values()].filter((server) => !server.isDisabled)
  }

  #merge(): Merged {
    this.#results.clear()
    const merged = KINDS.map((kind) => [kind, mergedItems(kind, this.#itemsOf(kind))])
    return Object.fromEntries(merged) as Merged
  }

  #itemsOf(kind: ListKind): CatalogItem[] {
    return this.seen().flatMap(({ server, listing }) =>
      listing.lists[kind].flatMap((written) => {
        const source = plainSource(written)
        // without what nobody sees it may be no object with a name any more, or one with two
        const isNamed = keyIn(source, LIST_KINDS[kind].key) !== null
        const key = isNamed ? keyIn(written, LIST_KINDS[kind].key) : null
        if (key !== null && kind === 'tools' && this.#looksLikeAnother(server, key)) return []
        return key === null ? [] : { server, key, publicKey: publicKey(kind, server.namespace, key), source }
      }),
    )
  }
}

/** Told apart, never resolved by who came last. Templates may overlap: they are told apart when they are used. */
function mergedItems(kind: ListKind, items: readonly CatalogItem[]): Map<string, CatalogItem> {
  const owners = Map.groupBy(items, (item) => item.publicKey)
  const merged = new Map<string, CatalogItem>()
  for (const item of items) {
    const isShared = new Set(owners.get(item.publicKey)?.map(({ server }) => server.id)).size > 1
    const name = isShared && kind === 'resources' ? publicUri(item.server.namespace, item.key) : item.publicKey
    if (merged.has(name))
      log.warn(`${item.server.id}: one of its ${kind} has no name of its own and is left out`)
    else merged.set(name, renamed(kind, item, name))
  }
  return merged
}

function renamed(kind: ListKind, item: CatalogItem, name: string): CatalogItem {
  if (name === item.key) return { ...item, publicKey: name }
  const bytes = encoder.encode(item.source)
  const span = members(bytes, trimmed(bytes)).get(LIST_KINDS[kind].key)
  const source = span === undefined ? bytes : splice(bytes, [replaceWith(span, JSON.stringify(name))])
  return { ...item, publicKey: name, source: decoder.decode(source) }
}
