import { isAscii } from 'node:buffer'
import type { LiveValues } from './guard/live-values.ts'
import type { Hit, Matcher } from './guard/matcher.ts'
import { type Token, tokensOf } from './guard/tokens.ts'
import { type Traced, traced, unescaped, withoutUnseen } from './guard/unescape.ts'
import { type Edit, splice } from './wire/json-span.ts'

/** JSON in JSON in JSON, and one more for characters that nobody sees. */
const MAX_LEVELS = 4
/** Characters that nobody sees, and that are left out of lists and of stderr: a value must not come together by that. */
const UNSEEN = /(?![\n\r\t])[\p{Cf}\p{Cc}]/u
/** With them a text can be spelt in more ways than are looked for; such strings are read. */
const UNUSUAL_ESCAPES = ['\\u', '\\/']
/** To change one of these would break the protocol. */
const PROTOCOL_TOKENS = new Set(['requestState', 'progressToken', 'taskId', 'cursor', 'nextCursor'])
const BASE64_MEMBERS = new Set(['data', 'blob'])
const BASE64 = /^[A-Za-z0-9+/_-]*=*$/
/** A long text is traced piece by piece, as a trace takes nine times its size. */
const PIECE_BYTES = 1024 * 1024
/** `\u0041` for one byte. */
const LONGEST_ESCAPE = 6
const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** A message as it may go on, with what was taken out; null: not at all. */
export interface Redacted {
  readonly bytes: Uint8Array | null
  /** `SCOPE/KEY` of each value, no one twice. */
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
  const matcher = values.matcher()
  if (matcher === null) return { text, labels: [] }
  const bytes = encoder.encode(text)
  const isClean = !matcher.hasHit(bytes) && !isUnusual(bytes)
  const hits = isClean ? [] : atAllLevels(matcher, traced(bytes, 0, bytes.length))
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
  const matcher = values.matcher()
  if (matcher === null) return []
  const hasRaw = matcher.hasHit(line)
  if (!hasRaw && !isUnusual(line)) return []
  const found: Found[] = []
  for (const token of tokensOf(line)) {
    const hits = hitsIn(line, token, matcher, hasRaw)
    if (hits.length > 0) found.push({ token, hits })
  }
  return hasRaw ? [...found, ...acrossTokens(line, matcher)] : found
}

function hitsIn(line: Uint8Array, token: Token, matcher: Matcher, hasRaw: boolean): Hit[] {
  if (token.kind === 'scalar')
    return matcher.hits(line.subarray(token.start, token.end)).map((hit) => shifted(hit, token.start))
  if (!hasRaw && isHarmless(line, token, matcher)) return []
  const overlap = matcher.longest * LONGEST_ESCAPE
  const hits: Hit[] = []
  for (let start = token.start; start < token.end; start += PIECE_BYTES) {
    const end = Math.min(token.end, start + PIECE_BYTES + overlap)
    hits.push(...atAllLevels(matcher, unescaped(traced(line, start, end))))
  }
  return hits
}

/** The quick look: nothing in it, and no escapes within that could hide something. */
function isHarmless(line: Uint8Array, { start, end }: Token, matcher: Matcher): boolean {
  if (!isUnusual(line.subarray(start, end))) return true
  const text: string = JSON.parse(decoder.decode(line.subarray(start - 1, end + 1)))
  const bytes = encoder.encode(text)
  return !matcher.hasHit(bytes) && !isUnusual(bytes)
}

/** A value that is JSON itself may have been written as such: no single string holds it. Both lists are in order. */
function acrossTokens(line: Uint8Array, matcher: Matcher): Found[] {
  const tokens = tokensOf(line)
  let token = tokens.next().value
  const found: Found[] = []
  for (const hit of matcher.hits(line)) {
    while (token && token.end <= hit.start) token = tokens.next().value
    if (token && token.start <= hit.start && hit.end <= token.end) continue
    found.push({ token: { ...hit, kind: 'scalar', member: '', depth: 0 }, hits: [hit] })
  }
  return found
}

function atAllLevels(matcher: Matcher, text: Traced): Hit[] {
  const hits: Hit[] = []
  let level = text
  for (let depth = 0; depth < MAX_LEVELS; depth++) {
    for (const { start, end, value } of matcher.hits(level.bytes))
      hits.push({ start: level.starts[start] ?? 0, end: level.ends[end - 1] ?? 0, value })
    if (UNSEEN.test(decoder.decode(level.bytes))) level = withoutUnseen(level)
    else if (level.bytes.includes(0x5c)) level = unescaped(level)
    else break
  }
  return hits
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
  return !BASE64_MEMBERS.has(member) || !BASE64.test(decoder.decode(line.subarray(start, end)))
}

function isUnusual(bytes: Uint8Array): boolean {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (UNUSUAL_ESCAPES.some((spelling) => view.includes(spelling))) return true
  return !isAscii(view) && UNSEEN.test(decoder.decode(bytes))
}

function shifted({ start, end, value }: Hit, by: number): Hit {
  return { start: start + by, end: end + by, value }
}

function isJson(bytes: Uint8Array): boolean {
  try {
    JSON.parse(decoder.decode(bytes))
    return true
  } catch {
    return false
  }
}
