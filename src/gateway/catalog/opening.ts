import { namingConfiguration } from '../../base/index.ts'
import type { Server } from '../../config/index.ts'
import type { Era } from '../eras/client.ts'
import { TASKS_EXTENSION } from '../eras/modern.ts'
import type { Offer } from '../eras/offer.ts'
import type { Catalog } from './catalog.ts'
import { plainText } from './plain-text.ts'
import type { Opening } from './store.ts'

type Json = { readonly [key: string]: unknown }

/** While nothing is known of any server: what is not true of them then gives empty lists. */
export const UNKNOWN_OPENING: Opening = {
  capabilities: JSON.stringify({
    tools: { listChanged: true },
    prompts: { listChanged: true },
    resources: { subscribe: true, listChanged: true },
    logging: {},
    completions: {},
  }),
  instructions: '',
}

/** One of these eras means nothing to a client of the other. */
const ONLY_OF_ERA: Record<Era, { capability: string[]; extension: string[] }> = {
  legacy: { capability: ['tasks'], extension: [] },
  modern: { capability: [], extension: [TASKS_EXTENSION] },
}

/**
 * The truth about the union of what the servers can do, for a client of `era`, and their instructions under
 * headings. `complaints`: what a person has to know of servers that are not there.
 */
export function mergedOpening(
  offers: readonly { server: Server; offer: Offer }[],
  era: Era,
  complaints: readonly string[],
): Opening {
  if (offers.length === 0) return { ...UNKNOWN_OPENING, instructions: complaints.join('\n') }
  const union = offers.map(({ offer }) => visibleTo(era, offer)).reduce<Json>(merged, { tools: {} })
  return {
    capabilities: JSON.stringify(withListChanged(union)),
    instructions: [...offers.flatMap(sectionOf(offers.length)), ...complaints].join('\n'),
  }
}

/** What a client is told of tools that it does not see. */
export function withheldComplaints(catalog: Catalog): string[] {
  const withholding = catalog.seen().filter(({ listing }) => listing.withheld.length > 0)
  return withholding.map(
    ({ server: { id }, listing }) =>
      `mcplexer: withheld of server ${id}, as changed or new since it was first seen: ${listing.withheld.length}; ` +
      namingConfiguration(`a person has to run \`mcplexer tools review ${id}\``),
  )
}

function visibleTo(era: Era, offer: Offer): Json {
  const capabilities: Json = JSON.parse(offer.capabilities)
  if (offer.era === era) return capabilities
  const hidden = ONLY_OF_ERA[offer.era]
  const visible = without(capabilities, hidden.capability)
  return isJson(visible['extensions'])
    ? { ...visible, extensions: without(visible['extensions'], hidden.extension) }
    : visible
}

/** We tell of every change ourselves: the configuration may bring one too. */
function withListChanged(union: Json): Json {
  const entries = Object.entries(union).map(([name, value]) =>
    ['tools', 'prompts', 'resources'].includes(name) && isJson(value)
      ? [name, { ...value, listChanged: true }]
      : [name, value],
  )
  return Object.fromEntries(entries)
}

/** Of two objects every member of both; of anything else what is true, or came first. */
function merged(one: Json, other: Json): Json {
  const result: Record<string, unknown> = { ...one }
  for (const [name, value] of Object.entries(other)) {
    const before = result[name]
    if (isJson(before) && isJson(value)) result[name] = merged(before, value)
    else if (before === undefined || before === false) result[name] = value
  }
  return result
}

function sectionOf(count: number) {
  return ({ server, offer }: { server: Server; offer: Offer }): string[] => {
    if (offer.instructions === '') return []
    return count === 1 && server.namespace === ''
      ? [plainText(offer.instructions)]
      : [`## ${server.namespace}\n\n${plainText(offer.instructions)}\n`]
  }
}

function without(json: Json, names: readonly string[]): Json {
  return Object.fromEntries(Object.entries(json).filter(([name]) => !names.includes(name)))
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
