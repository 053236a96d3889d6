const BACKSLASH = 0x5c
const LETTER_U = 0x75
/** What stands behind the backslash → what it means; 0: no short escape. */
const SHORT = new Uint8Array(256)
for (const pair of ['n\n', 'r\r', 't\t', 'b\b', 'f\f', '""', '\\\\', '//'])
  SHORT[pair.charCodeAt(0)] = pair.charCodeAt(1)
/** The value of a hexadecimal digit; 255: it is none. */
const HEX = new Uint8Array(256).fill(255)
for (let digit = 0; digit < 16; digit++) {
  const text = digit.toString(16)
  HEX[text.charCodeAt(0)] = digit
  HEX[text.toUpperCase().charCodeAt(0)] = digit
}

/** A text, and for each of its bytes where in the source its character or escape starts and ends. */
export interface Traced {
  readonly bytes: Uint8Array
  readonly starts: Uint32Array
  readonly ends: Uint32Array
}

/** The text itself, from `start` to `end` of the source. */
export function traced(source: Uint8Array, start: number, end: number): Traced {
  const bytes = source.subarray(start, end)
  const starts = new Uint32Array(bytes.length)
  const ends = new Uint32Array(bytes.length)
  for (let at = 0; at < bytes.length; at++) {
    starts[at] = start + at
    ends[at] = start + at + 1
  }
  return { bytes, starts, ends }
}

/**
 * The text with its JSON escapes undone, still traced to the first source. What is no escape stays as it is: the text
 * may never have been JSON. RFC 8259, section 7.
 */
export function unescaped({ bytes, starts, ends }: Traced): Traced {
  const text = new Uint8Array(bytes.length)
  const from = new Uint32Array(bytes.length)
  const to = new Uint32Array(bytes.length)
  let size = 0
  for (let at = 0; at < bytes.length; ) {
    const sizeBefore = size
    const length = lengthOfEscape(bytes, at)
    if (length === 1) text[size++] = bytes[at] as number
    else if (length === 2) text[size++] = SHORT[bytes[at + 1] as number] as number
    else size = writeUtf8(codePointAt(bytes, at, length), text, size)
    from.fill(starts[at] as number, sizeBefore, size)
    to.fill(ends[at + length - 1] as number, sizeBefore, size)
    at += length
  }
  return { bytes: text.subarray(0, size), starts: from.subarray(0, size), ends: to.subarray(0, size) }
}

/** 1: there is none; 12: a pair of surrogates. */
function lengthOfEscape(bytes: Uint8Array, at: number): 1 | 2 | 6 | 12 {
  if (bytes[at] !== BACKSLASH) return 1
  if (bytes[at + 1] !== LETTER_U) return SHORT[bytes[at + 1] ?? 0] === 0 ? 1 : 2
  const unit = codeUnitAt(bytes, at)
  if (unit === -1) return 1
  const low = unit >= 0xd800 && unit < 0xdc00 && bytes[at + 6] === BACKSLASH ? codeUnitAt(bytes, at + 6) : -1
  return low >= 0xdc00 && low < 0xe000 ? 12 : 6
}

function codePointAt(bytes: Uint8Array, at: number, length: 6 | 12): number {
  const unit = codeUnitAt(bytes, at)
  return length === 6 ? unit : 0x10000 + ((unit & 0x3ff) << 10) + (codeUnitAt(bytes, at + 6) & 0x3ff)
}

/** -1: no `\uXXXX` stands there. */
function codeUnitAt(bytes: Uint8Array, at: number): number {
  if (bytes[at + 1] !== LETTER_U) return -1
  let unit = 0
  for (let digit = at + 2; digit < at + 6; digit++) {
    const value = HEX[bytes[digit] ?? 0] as number
    if (value === 255) return -1
    unit = unit * 16 + value
  }
  return unit
}

/** Gives where the next character goes. RFC 3629, section 3. */
function writeUtf8(code: number, text: Uint8Array, at: number): number {
  let size = at
  if (code < 0x80) {
    text[size++] = code
    return size
  }
  if (code < 0x800) text[size++] = 0xc0 | (code >> 6)
  else if (code < 0x10000) {
    text[size++] = 0xe0 | (code >> 12)
    text[size++] = 0x80 | ((code >> 6) & 0x3f)
  } else {
    text[size++] = 0xf0 | (code >> 18)
    text[size++] = 0x80 | ((code >> 12) & 0x3f)
    text[size++] = 0x80 | ((code >> 6) & 0x3f)
  }
  text[size++] = 0x80 | (code & 0x3f)
  return size
}

const UNSEEN_CHARACTER = /^(?![\n\r\t])[\p{Cf}\p{Cc}]$/u
const decoder = new TextDecoder()

/** The text without characters that nobody sees, still traced. */
export function withoutUnseen({ bytes, starts, ends }: Traced): Traced {
  const kept: number[] = []
  for (let at = 0; at < bytes.length; ) {
    const length = lengthOfCharacter(bytes[at] as number)
    const isSeen = !UNSEEN_CHARACTER.test(decoder.decode(bytes.subarray(at, at + length)))
    for (let each = at; isSeen && each < at + length && each < bytes.length; each++) kept.push(each)
    at += length
  }
  return {
    bytes: Uint8Array.from(kept, (at) => bytes[at] as number),
    starts: Uint32Array.from(kept, (at) => starts[at] as number),
    ends: Uint32Array.from(kept, (at) => ends[at] as number),
  }
}

/** RFC 3629, section 3. */
function lengthOfCharacter(first: number): number {
  if (first < 0xc0) return 1
  if (first < 0xe0) return 2
  return first < 0xf0 ? 3 : 4
}
