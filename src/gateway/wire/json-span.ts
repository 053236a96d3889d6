import { McplexerError } from '../../base/index.ts'

/** Where a JSON value stands in the bytes of its message: `end` is the first byte after it. */
export interface Span {
  readonly start: number
  readonly end: number
}

export interface Edit {
  readonly span: Span
  readonly replacement: Uint8Array
}

const MAX_DEPTH = 1000
const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const COLON = 0x3a
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const LITERALS = new Map([
  [0x74, 'true'],
  [0x66, 'false'],
  [0x6e, 'null'],
])
/** Names that stand in every message: looking them up takes a sixth of the time that decoding them takes. */
const USUAL_NAMES = ['jsonrpc', 'id', 'method', 'params', 'result', 'error', 'name', 'arguments', '_meta']
const decoder = new TextDecoder('utf-8')
const encoder = new TextEncoder()
const EMPTY = new Uint8Array(0)
const usualByLength: { readonly name: string; readonly bytes: Uint8Array }[][] = []
for (const name of USUAL_NAMES) {
  usualByLength[name.length] ??= []
  usualByLength[name.length]?.push({ name, bytes: encoder.encode(name) })
}

/*
 * Reads JSON in place, strictly by RFC 8259, without building values: what the policy reads here is exactly what
 * any conforming parser on the other side reads. All functions throw WIRE_INVALID_JSON, without quoting.
 */

/** All but the white space around it. */
export function trimmed(bytes: Uint8Array): Span {
  let end = bytes.length
  while (end > 0 && isSpace(bytes[end - 1])) end--
  return { start: skipSpace(bytes, 0), end }
}

/** The members of the object at `span`. A name that stands twice is refused: two parsers could differ on it. */
export function members(bytes: Uint8Array, span: Span): Map<string, Span> {
  const found = new Map<string, Span>()
  if (bytes[span.start] !== OPEN_BRACE) throw invalid(span.start)
  let at = skipSpace(bytes, span.start + 1)
  if (bytes[at] === CLOSE_BRACE) return endingAt(at, span, found)
  for (;;) {
    const nameEnd = skipString(bytes, at)
    const name = nameAt(bytes, at, nameEnd)
    if (found.has(name)) throw invalid(at)
    const start = skipSpace(bytes, expect(bytes, skipSpace(bytes, nameEnd), COLON))
    const end = skipValue(bytes, start, 1)
    found.set(name, { start, end })
    at = skipSpace(bytes, end)
    if (bytes[at] === CLOSE_BRACE) return endingAt(at, span, found)
    at = skipSpace(bytes, expect(bytes, at, COMMA))
  }
}

/** The same in order, with the place of each name. */
function namedMembers(bytes: Uint8Array, span: Span): { name: string; nameStart: number; value: Span }[] {
  let at = span.start + 1
  return [...members(bytes, span)].map(([name, value]) => {
    const nameStart = skipSpace(bytes, bytes[skipSpace(bytes, at)] === COMMA ? skipSpace(bytes, at) + 1 : at)
    at = value.end
    return { name, nameStart, value }
  })
}

/** The elements of the array at `span`, in order. */
export function elements(bytes: Uint8Array, span: Span, limit = Number.POSITIVE_INFINITY): Span[] {
  const found: Span[] = []
  if (bytes[span.start] !== OPEN_BRACKET) throw invalid(span.start)
  let at = skipSpace(bytes, span.start + 1)
  if (bytes[at] === CLOSE_BRACKET) return endingAt(at, span, found)
  for (;;) {
    const end = skipValue(bytes, at, 1)
    if (found.length >= limit) throw invalid(at)
    found.push({ start: at, end })
    at = skipSpace(bytes, end)
    if (bytes[at] === CLOSE_BRACKET) return endingAt(at, span, found)
    at = skipSpace(bytes, expect(bytes, at, COMMA))
  }
}

export function isObject(bytes: Uint8Array, span: Span | undefined): span is Span {
  return span !== undefined && bytes[span.start] === OPEN_BRACE
}

export function isArray(bytes: Uint8Array, span: Span | undefined): span is Span {
  return span !== undefined && bytes[span.start] === OPEN_BRACKET
}

export function isString(bytes: Uint8Array, span: Span | undefined): span is Span {
  return span !== undefined && bytes[span.start] === QUOTE
}

/** The JSON text of a value as it was written. */
export function sourceOf(bytes: Uint8Array, span: Span): string {
  return decoder.decode(bytes.subarray(span.start, span.end))
}

/** The string value at `span`. */
export function textOf(bytes: Uint8Array, span: Span): string {
  const source = sourceOf(bytes, span)
  return source.includes('\\') ? JSON.parse(source) : source.slice(1, -1)
}

function nameAt(bytes: Uint8Array, start: number, end: number): string {
  const usual = usualByLength[end - start - 2]?.find((each) => standsAt(bytes, start + 1, each.bytes))
  return usual?.name ?? textOf(bytes, { start, end })
}

function standsAt(bytes: Uint8Array, start: number, wanted: Uint8Array): boolean {
  for (let index = 0; index < wanted.length; index++) if (bytes[start + index] !== wanted[index]) return false
  return true
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

function skipValue(bytes: Uint8Array, at: number, depth: number): number {
  const first = bytes[at]
  if (first === QUOTE) return skipString(bytes, at)
  if (first === OPEN_BRACE) return skipContainer(bytes, at, depth, CLOSE_BRACE)
  if (first === OPEN_BRACKET) return skipContainer(bytes, at, depth, CLOSE_BRACKET)
  const literal = LITERALS.get(first ?? 0)
  return literal === undefined ? skipNumber(bytes, at) : skipLiteral(bytes, at, literal)
}

function skipContainer(bytes: Uint8Array, open: number, depth: number, close: number): number {
  if (depth >= MAX_DEPTH) throw invalid(open)
  let at = skipSpace(bytes, open + 1)
  if (bytes[at] === close) return at + 1
  for (;;) {
    if (close === CLOSE_BRACE) {
      at = skipSpace(bytes, expect(bytes, skipSpace(bytes, skipString(bytes, at)), COLON))
    }
    at = skipSpace(bytes, skipValue(bytes, at, depth + 1))
    if (bytes[at] === close) return at + 1
    at = skipSpace(bytes, expect(bytes, at, COMMA))
  }
}

function skipString(bytes: Uint8Array, open: number): number {
  if (bytes[open] !== QUOTE) throw invalid(open)
  const length = bytes.length
  for (let at = open + 1; at < length; at++) {
    const byte = bytes[at] as number
    if (byte === QUOTE) return at + 1
    if (byte === BACKSLASH) at = skipEscape(bytes, at)
    else if (byte < 0x20) throw invalid(at)
  }
  throw invalid(open)
}

/** Position of the last byte of the escape that begins at `at`. */
function skipEscape(bytes: Uint8Array, at: number): number {
  const kind = bytes[at + 1]
  if (kind !== 0x75) {
    if (kind === undefined || !'"\\/bfnrt'.includes(String.fromCharCode(kind))) throw invalid(at)
    return at + 1
  }
  for (let digit = at + 2; digit < at + 6; digit++) {
    if (!isHexDigit(bytes[digit] ?? 0)) throw invalid(digit)
  }
  return at + 5
}

/** `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?` */
function skipNumber(bytes: Uint8Array, start: number): number {
  let at = bytes[start] === 0x2d ? start + 1 : start
  at = bytes[at] === 0x30 ? at + 1 : skipDigits(bytes, at)
  if (bytes[at] === 0x2e) at = skipDigits(bytes, at + 1)
  if (bytes[at] === 0x65 || bytes[at] === 0x45) {
    const sign = bytes[at + 1]
    at = skipDigits(bytes, sign === 0x2b || sign === 0x2d ? at + 2 : at + 1)
  }
  return at
}

function skipDigits(bytes: Uint8Array, start: number): number {
  let at = start
  while (isDigit(bytes[at] ?? 0)) at++
  if (at === start) throw invalid(start)
  return at
}

function skipLiteral(bytes: Uint8Array, start: number, literal: string): number {
  for (let index = 0; index < literal.length; index++) {
    if (bytes[start + index] !== literal.charCodeAt(index)) throw invalid(start)
  }
  return start + literal.length
}

function skipSpace(bytes: Uint8Array, start: number): number {
  let at = start
  while (isSpace(bytes[at])) at++
  return at
}

function endingAt<T>(close: number, span: Span, found: T): T {
  if (close + 1 !== span.end) throw invalid(close)
  return found
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}

function expect(bytes: Uint8Array, at: number, byte: number): number {
  if (bytes[at] !== byte) throw invalid(at)
  return at + 1
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39
}

function isHexDigit(byte: number): boolean {
  return isDigit(byte) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66)
}

function invalid(at: number): McplexerError {
  return new McplexerError('WIRE_INVALID_JSON', `not valid JSON at byte ${at}`)
}
