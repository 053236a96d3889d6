const BLANK = 0x20
const TAB = 0x09
const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d
const BACKSLASH = 0x5c
const LETTER_N = 0x6e
const LETTER_R = 0x72

/*
 * Line breaks as they are or written as escapes of any level: nothing has to be unescaped to look for them.
 */

/** Behind the break that stands at `at`, blanks first or not; `at` when there is none. */
export function afterLineBreak(bytes: Uint8Array, at: number): number {
  const start = afterBlanks(bytes, at)
  const line = afterEnd(bytes, start, CARRIAGE_RETURN, LETTER_R)
  const end = afterEnd(bytes, line, LINE_FEED, LETTER_N)
  return end === start ? at : end
}

/** In front of the break that ends at `at`, blanks last or not; `at` when there is none. */
export function beforeLineBreak(bytes: Uint8Array, at: number, limit: number): number {
  const end = beforeBlanks(bytes, at, limit)
  const line = beforeEnd(bytes, end, limit, LINE_FEED, LETTER_N)
  const start = beforeEnd(bytes, line, limit, CARRIAGE_RETURN, LETTER_R)
  return start === end ? at : start
}

export function afterBlanks(bytes: Uint8Array, at: number): number {
  let end = at
  while (bytes[end] === BLANK || bytes[end] === TAB) end++
  return end
}

/** The letter of a `\n` or `\r`, which is no letter of the text. */
export function isEscapedLetter(bytes: Uint8Array, at: number): boolean {
  return (bytes[at] === LETTER_N || bytes[at] === LETTER_R) && bytes[at - 1] === BACKSLASH
}

function afterEnd(bytes: Uint8Array, at: number, control: number, letter: number): number {
  if (bytes[at] === control) return at + 1
  let end = at
  while (bytes[end] === BACKSLASH) end++
  return end > at && bytes[end] === letter ? end + 1 : at
}

function beforeEnd(bytes: Uint8Array, at: number, limit: number, control: number, letter: number): number {
  if (at <= limit) return at
  if (bytes[at - 1] === control) return at - 1
  if (bytes[at - 1] !== letter || !isEscapedLetter(bytes, at - 1)) return at
  let start = at - 1
  while (start > limit && bytes[start - 1] === BACKSLASH) start--
  return start
}

function beforeBlanks(bytes: Uint8Array, at: number, limit: number): number {
  let start = at
  while (start > limit && (bytes[start - 1] === BLANK || bytes[start - 1] === TAB)) start--
  return start
}
