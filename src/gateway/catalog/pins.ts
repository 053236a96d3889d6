import { digestOf, log, visibleLine } from '../../base/index.ts'
import type { Server } from '../../config/index.ts'
import { canonicalJson } from '../wire/canonical-json.ts'
import { keyIn, PINNED } from './item-key.ts'
import { INSTRUCTIONS, itemOfTool } from './pinned-item.ts'
import { plainSource } from './plain-text.ts'
import type { ServerListing } from './store.ts'

/** As it is remembered: `item`: pinned-item.ts. */
interface Pin {
  readonly item: string
  readonly digest: string
  readonly source: string
}

/** What the pins need of a database. */
export interface PinStore {
  /** What other kinds of clients were given, when this kind has never seen the server; null: no kind has. */
  load(
    serverId: string,
    variant: string,
  ): Promise<{ digests: ReadonlyMap<string, ReadonlySet<string>>; isOwn: boolean } | null>
  save(serverId: string, variant: string, pins: readonly Pin[]): Promise<void>
  withhold(serverId: string, variant: string, pins: readonly Pin[]): Promise<void>
}

/**
 * The listing without what has changed since the server was first seen by such a client: a tool with another
 * description is another tool, and one that was not there may be made to look like one that was. First use is
 * trusted; what is missing is no change.
 */
export async function withoutUnpinned(
  server: Server,
  variant: string,
  listing: ServerListing,
  store: PinStore | null,
): Promise<ServerListing> {
  if (store === null || server.pin === 'off') return listing
  const pins = pinsIn(listing)
  const known = await store.load(server.id, variant)
  if (known === null) {
    await store.save(server.id, variant, pins)
    return listing
  }
  // a new kind of client may be offered more, but nothing known otherwise
  const isNew = ({ item }: Pin) => !known.isOwn && !known.digests.has(item)
  const withheld = pins.filter((pin) => !isNew(pin) && known.digests.get(pin.item)?.has(pin.digest) !== true)
  const names = new Set(withheld.map(({ item }) => item))
  if (!known.isOwn) {
    const accepted = pins.filter(({ item }) => !names.has(item))
    await store.save(server.id, variant, accepted)
  }
  await store.withhold(server.id, variant, withheld)
  if (names.size === 0) return listing
  const shown = visibleLine([...names].join(', '))
  log.warn(`${server.id}: ${names.size} changed or new, and withheld: ${shown}`)
  log.info(`hint: mcplexer tools review ${server.id}`)
  return without(names, listing)
}

/** `source`: JSON, of the tool or of the text. What is compared, and shown to a person, is what clients get. */
export function pinOf(item: string, source: string): Pin {
  const shown = plainSource(source)
  const pinned = item === INSTRUCTIONS ? JSON.parse(shown) : pinnedPart(shown)
  return { item, source: shown, digest: digestOf(JSON.stringify(pinned)) }
}

function without(names: ReadonlySet<string>, listing: ServerListing): ServerListing {
  const tools = listing.lists.tools.filter((source) => !names.has(itemOf(source)))
  const { instructions } = listing.offer
  const offer = { ...listing.offer, instructions: names.has(INSTRUCTIONS) ? '' : instructions }
  return { ...listing, offer, lists: { ...listing.lists, tools }, withheld: [...names] }
}

function pinsIn({ lists, offer }: ServerListing): Pin[] {
  // of two with one name only the first is offered
  const tools = [...Map.groupBy(lists.tools.filter(isOffered), itemOf)].map(([item, [source = '']]) =>
    pinOf(item, source),
  )
  return [...tools, pinOf(INSTRUCTIONS, JSON.stringify(offer.instructions))]
}

/** What has no name is offered to nobody, be it so from the start or without characters that nobody sees. */
function isOffered(source: string): boolean {
  return keyIn(source, 'name') !== null && keyIn(plainSource(source), 'name') !== null
}

function itemOf(source: string): string {
  // as the database gives it back
  return itemOfTool(keyIn(source, 'name')?.toWellFormed() ?? '')
}

function pinnedPart(source: string): unknown {
  const tool: Record<string, unknown> = JSON.parse(source)
  return PINNED.map((member) => canonicalJson(tool[member]))
}
