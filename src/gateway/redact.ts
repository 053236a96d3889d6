import type { LiveValues } from './guard/live-values.ts'
import type { Hit } from './guard/matcher.ts'
import { latin1, type Reading } from './guard/reading/reading.ts'
import { unescaped } from './guard/reading/unescape.ts'
import { unusualPlaces } from './guard/reading/unusual.ts'
import {
  hitsAtAllLevels,
  hitsIn,
  isHarmless,
  type Matchers,
  mayHaveHit,
  piecesOf,
  placesIn,
} from './guard/search.ts'
import { type Token, tokensOf } from './guard/tokens.ts'
import { type Edit, splice } from './wire/json-edit.ts'
import type { Span } from './wire/json-span.ts'

/** To change one of these would break the protocol. */
const PROTOCOL_TOKENS = new Set(['requestState', 'progressToken', 'taskId', 'cursor', 'nextCursor'])
const BASE64_MEMBERS = new Set(['data', 'blob'])
/** In lines or not. */
const BASE64 = /^(?:[A-Za-z0-9+/=_-]|\\[nr])*$/
const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** A message as it may go on, with what was taken out; null: not at all. */
interface Redacted {
  readonly bytes: Uint8Array | null
  /** `SCOPE/KEY` of each value, each once. */
  readonly labels: readonly string[]
}

interface Found {
  readonly token: Token
  readonly hits: readonly Hit[]
}

/**
 * A line of JSON without any live value: each is replaced on its own span by `[redacted SCOPE/KEY]`, and a line
 * without one is given back as the same bytes. A value in a number, a name of a member, base64 or a token of the
 * protocol cannot be replaced: then there is no line.
 */
export function redact(line: Uint8Array, values: LiveValues): Redacted {
  const found = valuesIn(line, values)
  if (found.length === 0) return { bytes: line, labels: [] }
  const labels = [...new Set(found.flatMap(({ hits }) => hits.map((hit) => values.labelOf(hit))))]
  if (!found.every(({ token }) => isEditable(line, token))) return { bytes: null, labels }
  const edits = found.flatMap(({ hits }) => editsFor(hits, values))
  const bytes = splice(line, edits)
  return { bytes: isJson(bytes) ? bytes : null, labels }
}

/** The same for text that is no JSON: what a server says on stderr. */
export function redactText(text: string, values: LiveValues): { text: string; labels: readonly string[] } {
  const matchers = values.matchers()
  if (matchers === null) return { text, labels: [] }
  const bytes = encoder.encode(text)
  const isUnusual = unusualPlaces(bytes, matchers.isPlain).isWithin({ start: 0, end: bytes.length })
  const hits = [...piecesOf(bytes, matchers)].flatMap((piece) =>
    isUnusual || mayHaveHit(piece, matchers) ? hitsAtAllLevels(piece, matchers) : [],
  )
  if (hits.length === 0) return { text, labels: [] }
  const labels = [...new Set(hits.map((hit) => values.labelOf(hit)))]
  return { text: decoder.decode(splice(bytes, editsFor(hits, values))), labels }
}

/** `SCOPE/KEY` of the first live value in the line that `scope` does not hold; null when there is none. */
export function foreignValue(line: Uint8Array, scope: string | null, values: LiveValues): string | null {
  const hits = valuesIn(line, values).flatMap((found) => found.hits)
  const foreign = hits.find((hit) => !values.belongsTo(hit, scope))
  return foreign === undefined ? null : values.labelOf(foreign)
}

function valuesIn(line: Uint8Array, values: LiveValues): Found[] {
  const matchers = values.matchers()
  if (matchers === null || isHarmless(line, matchers)) return []
  const isSuspicious = piecesOf(line, matchers).some((piece) => mayHaveHit(piece, matchers))
  const unusual = unusualPlaces(line, matchers.isPlain)
  if (!isSuspicious && !unusual.isWithin({ start: 0, end: line.length })) return []
  const places = placesIn(line, matchers)
  if (places.length === 0) return []
  const found = [...tokensAt(line, places)].flatMap((token) => {
    const hits = hitsInToken(line, token, matchers)
    return hits.length === 0 ? [] : [{ token, hits }]
  })
  return isSuspicious ? [...found, ...acrossTokens(line, matchers)] : found
}

/** Those that have one of the places in them, or a part of one; both are in order. */
function* tokensAt(line: Uint8Array, places: readonly Span[]): Generator<Token> {
  let next = 0
  let reaches = 0
  for (const token of tokensOf(line)) {
    for (; next < places.length && (places[next]?.start ?? 0) < token.end; next++)
      reaches = Math.max(reaches, places[next]?.end ?? 0)
    if (reaches > token.start) yield token
    else if (next === places.length) return
  }
}

function hitsInToken(line: Uint8Array, { start, end, kind }: Token, matchers: Matchers): Hit[] {
  const look = (text: Reading) =>
    kind === 'scalar' ? hitsIn(text, matchers) : hitsAtAllLevels(unescaped(text) ?? text, matchers)
  return [...piecesOf(line, matchers, start, end)].flatMap(look)
}

/**
 * A value that is JSON itself, or a list of its bytes, may have been written as such: no single string holds it. Both
 * lists are in order.
 */
function acrossTokens(line: Uint8Array, matchers: Matchers): Found[] {
  const tokens = tokensOf(line)
  let token = tokens.next().value
  const found: Found[] = []
  const hits = [...piecesOf(line, matchers)].flatMap((piece) => hitsIn(piece, matchers))
  for (const hit of hits.sort((a, b) => a.start - b.start)) {
    while (token && token.end <= hit.start) token = tokens.next().value
    if (token && token.start <= hit.start && hit.end <= token.end) continue
    found.push({ token: { ...hit, kind: 'scalar', member: '', depth: 0 }, hits: [hit] })
  }
  return found
}

/** One edit for hits that overlap, under the name of the first. */
function editsFor(hits: readonly Hit[], values: LiveValues): Edit[] {
  const merged: Hit[] = []
  for (const hit of [...hits].sort((a, b) => a.start - b.start || b.end - a.end)) {
    const last = merged.at(-1)
    if (last !== undefined && hit.start < last.end)
      merged[merged.length - 1] = { ...last, end: Math.max(last.end, hit.end) }
    else merged.push(hit)
  }
  return merged.map((hit) => ({
    span: { start: hit.start, end: hit.end },
    replacement: encoder.encode(`[redacted ${values.labelOf(hit)}]`),
  }))
}

function isEditable(line: Uint8Array, { start, end, kind, member, depth }: Token): boolean {
  if (kind !== 'string' || PROTOCOL_TOKENS.has(member) || (member === 'id' && depth === 1)) return false
  return !BASE64_MEMBERS.has(member) || !BASE64.test(latin1(line.subarray(start, end)))
}

function isJson(bytes: Uint8Array): boolean {
  try {
    JSON.parse(decoder.decode(bytes))
    return true
  } catch {
    return false
  }
}
