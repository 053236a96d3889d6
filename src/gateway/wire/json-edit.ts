import { CLOSE_BRACE, COMMA, skipSpace } from './json-skip.ts'
import { members, type Span } from './json-span.ts'

export interface Edit {
  readonly span: Span
  readonly replacement: Uint8Array
}

const encoder = new TextEncoder()
const EMPTY = new Uint8Array(0)

export function replaceWith(span: Span, source: string | Uint8Array): Edit {
  return { span, replacement: typeof source === 'string' ? encoder.encode(source) : source }
}

/** Puts members first into the object at `span`; `source` is their JSON text: `"a":1,"b":2`. */
export function insertion(bytes: Uint8Array, span: Span, source: string): Edit {
  const first = skipSpace(bytes, span.start + 1)
  const separator = bytes[first] === CLOSE_BRACE ? '' : ','
  const at = span.start + 1
  return { span: { start: at, end: at }, replacement: encoder.encode(`${source}${separator}`) }
}

/** Takes members out of an object, each with the comma that goes with it. */
export function removals(bytes: Uint8Array, object: Span, names: ReadonlySet<string>): Edit[] {
  const edits: Edit[] = []
  let keptEnd: number | null = null
  let cutFrom: number | null = null
  const cut = (start: number, end: number): void => {
    edits.push({ span: { start, end }, replacement: EMPTY })
    cutFrom = null
  }
  let lastEnd = object.start + 1
  for (const { name, nameStart, value } of namedMembers(bytes, object)) {
    if (names.has(name)) cutFrom ??= nameStart
    else if (cutFrom !== null) cut(cutFrom, nameStart)
    if (!names.has(name)) keptEnd = value.end
    lastEnd = value.end
  }
  if (cutFrom !== null) cut(keptEnd ?? cutFrom, lastEnd)
  return edits
}

/** A copy with the edits made; they must not overlap. Everything else stays byte for byte. */
export function splice(bytes: Uint8Array, edits: readonly Edit[]): Uint8Array {
  const ordered = edits.length > 1 ? edits.toSorted((a, b) => a.span.start - b.span.start) : edits
  let size = bytes.length
  for (const { span, replacement } of ordered) size += replacement.length - (span.end - span.start)
  const result = new Uint8Array(size)
  let from = 0
  let to = 0
  for (const { span, replacement } of ordered) {
    result.set(bytes.subarray(from, span.start), to)
    to += span.start - from
    result.set(replacement, to)
    to += replacement.length
    from = span.end
  }
  result.set(bytes.subarray(from), to)
  return result
}

/** The members in order, with the place of each name. */
function namedMembers(bytes: Uint8Array, span: Span): { name: string; nameStart: number; value: Span }[] {
  let at = span.start + 1
  return [...members(bytes, span)].map(([name, value]) => {
    const nameStart = skipSpace(bytes, bytes[skipSpace(bytes, at)] === COMMA ? skipSpace(bytes, at) + 1 : at)
    at = value.end
    return { name, nameStart, value }
  })
}
