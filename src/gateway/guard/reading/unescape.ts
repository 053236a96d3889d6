import { nextByte, type Reading, Rewriting } from './reading.ts'

const BACKSLASH = 0x5c
const LETTER_U = 0x75
const LETTER_X = 0x78
const HIGH_SURROGATE = 0xd800 >> 10
const LOW_SURROGATE = 0xdc00 >> 10
/** What stands behind the backslash → what it means; 0: no short escape. */
const SHORT = new Uint8Array(256)
/** What shells, Markdown and regular expressions write behind a backslash, and JSON does not: 1. */
const IS_SIGN = new Uint8Array(256)
for (const sign of " !#$%&'()*+,-.:;<=>?@[]^_`{|}~") IS_SIGN[sign.charCodeAt(0)] = 1
for (const pair of ['n\n', 'r\r', 't\t', 'b\b', 'f\f', '""', '\\\\', '//'])
  SHORT[pair.charCodeAt(0)] = pair.charCodeAt(1)
/** The value of a hexadecimal digit; 255: it is none. */
const HEX = new Uint8Array(256).fill(255)
for (let digit = 0; digit < 16; digit++) {
  const text = digit.toString(16)
  HEX[text.charCodeAt(0)] = digit
  HEX[text.toUpperCase().charCodeAt(0)] = digit
}

/**
 * The text with its JSON escapes undone, and those of other languages: `\xXX`, and signs behind a backslash; null when
 * there are none. What is no escape stays as it is: the text may never have been JSON. RFC 8259, section 7.
 */
export function unescaped(text: Reading): Reading | null {
  const { bytes } = text
  let writing: Rewriting | null = null
  for (let at = nextByte(bytes, BACKSLASH, 0); at < bytes.length; ) {
    const code = codeAt(bytes, at)
    const length = code === -1 ? 1 : lengthOfEscape(bytes, at, code)
    if (code !== -1) {
      writing ??= new Rewriting(text)
      writing.replace(at, length)
      if (code < 0x80 || length === 4) writing.put(code)
      else writing.putCharacter(code)
    }
    at = nextByte(bytes, BACKSLASH, at + length)
  }
  return writing?.done() ?? null
}

/**
 * The text without the backslashes in front of signs, however many JSON has made of one; null when there are none. All
 * that there is to undo for a value without backslashes of its own.
 */
export function withoutBackslashes(text: Reading): Reading | null {
  const { bytes } = text
  let writing: Rewriting | null = null
  for (let at = nextByte(bytes, BACKSLASH, 0); at < bytes.length; ) {
    const end = afterBackslashes(bytes, at)
    if (IS_SIGN[bytes[end] ?? 0] === 1) {
      writing ??= new Rewriting(text)
      writing.replace(at, end - at)
    }
    at = nextByte(bytes, BACKSLASH, end)
  }
  return writing?.done() ?? null
}

function afterBackslashes(bytes: Uint8Array, at: number): number {
  let end = at
  while (bytes[end] === BACKSLASH) end++
  return end
}

/** -1: no two hexadecimal digits stand there. */
export function hexByteAt(bytes: Uint8Array, at: number): number {
  const first = HEX[bytes[at] ?? 0] as number
  const second = HEX[bytes[at + 1] ?? 0] as number
  return (first | second) > 15 ? -1 : (first << 4) | second
}

/** The character that the escape means, of `\xXX` the byte; -1: there is none. */
function codeAt(bytes: Uint8Array, at: number): number {
  const kind = bytes[at + 1] ?? 0
  if (kind === LETTER_X) return hexByteAt(bytes, at + 2)
  if (kind !== LETTER_U) return IS_SIGN[kind] === 1 ? kind : (SHORT[kind] as number) || -1
  const unit = codeUnitAt(bytes, at)
  const low = unit >> 10 === HIGH_SURROGATE && bytes[at + 6] === BACKSLASH ? codeUnitAt(bytes, at + 6) : -1
  return low >> 10 === LOW_SURROGATE ? 0x10000 + ((unit & 0x3ff) << 10) + (low & 0x3ff) : unit
}

function lengthOfEscape(bytes: Uint8Array, at: number, code: number): number {
  const kind = bytes[at + 1]
  if (kind === LETTER_U) return code > 0xffff ? 12 : 6
  return kind === LETTER_X ? 4 : 2
}

/** -1: no `\uXXXX` stands there. */
function codeUnitAt(bytes: Uint8Array, at: number): number {
  const first = HEX[bytes[at + 2] ?? 0] as number
  const second = HEX[bytes[at + 3] ?? 0] as number
  const third = HEX[bytes[at + 4] ?? 0] as number
  const fourth = HEX[bytes[at + 5] ?? 0] as number
  const isNone = bytes[at + 1] !== LETTER_U || (first | second | third | fourth) > 15
  return isNone ? -1 : (first << 12) | (second << 8) | (third << 4) | fourth
}
