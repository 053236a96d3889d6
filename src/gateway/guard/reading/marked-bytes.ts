import { afterLineBreak } from './line-break.ts'
import { nextByte, type Reading, Rewriting } from './reading.ts'
import { hexByteAt } from './unescape.ts'

const PERCENT = 0x25
const EQUALS = 0x3d
const SMALL_LETTERS = 0x61

/** The text with each `%XX` as its byte; null when there are none. RFC 3986, section 2.1. */
export function unpercented(text: Reading): Reading | null {
  const { bytes } = text
  let writing: Rewriting | null = null
  for (let at = nextByte(bytes, PERCENT, 0); at < bytes.length; ) {
    const byte = hexByteAt(bytes, at + 1)
    if (byte !== -1) {
      writing ??= new Rewriting(text)
      writing.replace(at, 3)
      writing.put(byte)
    }
    at = nextByte(bytes, PERCENT, at + (byte === -1 ? 1 : 3))
  }
  return writing?.done() ?? null
}

/**
 * The text with each `=XX` as its byte and without soft line breaks, also where these are JSON escapes; null when there
 * are neither. RFC 2045, section 6.7.
 */
export function unquotedPrintable(text: Reading): Reading | null {
  const { bytes } = text
  let writing: Rewriting | null = null
  for (let at = nextByte(bytes, EQUALS, 0); at < bytes.length; ) {
    const byte = (bytes[at + 1] ?? 0) < SMALL_LETTERS ? hexByteAt(bytes, at + 1) : -1
    const length = byte === -1 ? afterLineBreak(bytes, at + 1) - at : 3
    if (length > 1) {
      writing ??= new Rewriting(text)
      writing.replace(at, length)
      if (byte !== -1) writing.put(byte)
    }
    at = nextByte(bytes, EQUALS, at + length)
  }
  return writing?.done() ?? null
}
