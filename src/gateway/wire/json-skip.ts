import { McplexerError } from '../../base/index.ts'

/*
 * Walks over JSON in place, strictly by RFC 8259. Each `skip` gives the place of the first byte after what it has
 * skipped; all throw WIRE_INVALID_JSON, without quoting.
 */

const MAX_DEPTH = 1000
export const QUOTE = 0x22
const BACKSLASH = 0x5c
export const COMMA = 0x2c
export const COLON = 0x3a
export const OPEN_BRACE = 0x7b
export const CLOSE_BRACE = 0x7d
export const OPEN_BRACKET = 0x5b
export const CLOSE_BRACKET = 0x5d
const LITERALS = new Map([
  [0x74, 'true'],
  [0x66, 'false'],
  [0x6e, 'null'],
])

/** Any value; `depth` is how many containers it stands in. */
export function skipValue(bytes: Uint8Array, at: number, depth: number): number {
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

/** From its opening quote; throws when there is none. */
export function skipString(bytes: Uint8Array, open: number): number {
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

export function skipSpace(bytes: Uint8Array, start: number): number {
  let at = start
  while (isSpace(bytes[at])) at++
  return at
}

export function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}

/** The place behind `byte`, which has to stand at `at`. */
export function expect(bytes: Uint8Array, at: number, byte: number): number {
  if (bytes[at] !== byte) throw invalid(at)
  return at + 1
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39
}

function isHexDigit(byte: number): boolean {
  return isDigit(byte) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66)
}

export function invalid(at: number): McplexerError {
  return new McplexerError('WIRE_INVALID_JSON', `not valid JSON at byte ${at}`)
}
