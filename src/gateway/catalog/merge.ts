import type { Server } from '../../config/index.ts'
import { replaceWith, splice } from '../wire/json-edit.ts'
import type { Span } from '../wire/json-span.ts'
import { keySpanIn } from './item-key.ts'
import { LIST_KINDS, type ListKind } from './kinds.ts'
import { publicUri } from './namespace.ts'
import { plainText } from './plain-text.ts'

/** One tool, prompt, resource or template of one server. */
export interface CatalogItem {
  readonly server: Server
  /** The name or URI by which the server knows it. */
  readonly key: string
  readonly publicKey: string
  /** As the server wrote it, but for the name and for characters that nobody sees. */
  readonly source: string
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** Told apart, never resolved by who came last. Templates that only overlap are told apart when they are used. */
export function mergedItems(
  kind: ListKind,
  items: readonly CatalogItem[],
  warn: (text: string) => void,
): Map<string, CatalogItem> {
  const owners = Map.groupBy(items, (item) => item.publicKey)
  const merged = new Map<string, CatalogItem>()
  for (const item of items) {
    const isOfOthers = ({ server }: CatalogItem): boolean => server.id !== item.server.id
    const isShared = hasUris(kind) && owners.get(item.publicKey)?.some(isOfOthers) === true
    const name = isShared ? publicUri(item.server.namespace, item.key) : item.publicKey
    const taken = merged.get(name)
    if (taken !== undefined) warn(leftOut(kind, item, taken))
    else merged.set(name, isShared ? underName(kind, item, name) : item)
  }
  return merged
}

export function hasUris(kind: ListKind): boolean {
  return kind === 'resources' || kind === 'templates'
}

function leftOut(kind: ListKind, { server, key }: CatalogItem, taken: CatalogItem): string {
  const reason = taken.server.id === server.id ? 'it is there twice' : `server ${taken.server.id} has it, too`
  return `${server.id}: one of its ${kind} is left out, as ${reason}: ${JSON.stringify(plainText(key))}`
}

function underName(kind: ListKind, item: CatalogItem, name: string): CatalogItem {
  const bytes = encoder.encode(item.source)
  const span = keySpanIn(bytes, LIST_KINDS[kind].key)
  return span === null ? item : { ...item, publicKey: name, source: renamed(bytes, span, name) }
}

/** The JSON text of an item under another name, or URI. */
export function renamed(bytes: Uint8Array, key: Span, name: string): string {
  return decoder.decode(splice(bytes, [replaceWith(key, JSON.stringify(name))]))
}
