import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  expect,
  invalid,
  isSpace,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  skipSpace,
  skipString,
  skipValue,
} from './json-skip.ts'

/** Where a JSON value stands in the bytes of its message: `end` is the first byte after it. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** Names that stand in every message: looking them up takes a sixth of the time that decoding them takes. */
const USUAL_NAMES = ['jsonrpc', 'id', 'method', 'params', 'result', 'error', 'name', 'arguments', '_meta']
const decoder = new TextDecoder('utf-8')
const encoder = new TextEncoder()
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

/**
 * The same of what is opaque to us otherwise, and goes on whatever is in it: null when it is no object, or has a name
 * twice.
 */
export function fieldsOf(bytes: Uint8Array, span: Span | null | undefined): Map<string, Span> | null {
  if (span === null || !isObject(bytes, span)) return null
  try {
    return members(bytes, span)
  } catch {
    return null
  }
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

export function sourceBytes(bytes: Uint8Array, span: Span): Uint8Array {
  return bytes.subarray(span.start, span.end)
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

function endingAt<T>(close: number, span: Span, found: T): T {
  if (close + 1 !== span.end) throw invalid(close)
  return found
}
