import { nextByte, type Reading, Rewriting } from './reading.ts'

const AMPERSAND = 0x26
const SEMICOLON = 0x3b
const HASH = 0x23
const LETTER_X = 0x78
const SMALL = 0x20
/** `&#x0001F600;` has as many between its ends; more zeros than these nobody writes. */
const LONGEST = 10
const MAX_CODE = 0x10ffff
/** The bytes of a name as one number → what it means. HTML has two thousand more, which nobody uses for ASCII. */
const NAMED = new Map(
  Object.entries({ amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }).map(([name, sign]) => [
    Buffer.from(name).readUIntBE(0, name.length),
    sign.charCodeAt(0),
  ]),
)
/** What stands behind the ampersand: 1. */
const BEGINS = new Uint8Array(256)
for (const sign of '#algq') BEGINS[sign.charCodeAt(0)] = 1

/** The text with its character references undone; null when there are none. HTML, "13.5 Named character references". */
export function unreferenced(text: Reading): Reading | null {
  const { bytes } = text
  let writing: Rewriting | null = null
  for (let at = nextByte(bytes, AMPERSAND, 0); at < bytes.length; ) {
    const end = endOfReference(bytes, at + 1)
    const code = end === -1 ? -1 : codeOf(bytes, at + 1, end)
    if (code !== -1) {
      writing ??= new Rewriting(text)
      writing.replace(at, end + 1 - at)
      if (code < 0x80) writing.put(code)
      else writing.putCharacter(code)
    }
    at = nextByte(bytes, AMPERSAND, code === -1 ? at + 1 : end + 1)
  }
  return writing?.done() ?? null
}

/** Where its semicolon stands; -1: there is none. */
function endOfReference(bytes: Uint8Array, start: number): number {
  if (BEGINS[bytes[start] ?? 0] === 0) return -1
  for (let at = start; at <= start + LONGEST; at++) if (bytes[at] === SEMICOLON) return at
  return -1
}

/** -1: it means nothing. */
function codeOf(bytes: Uint8Array, start: number, end: number): number {
  if (bytes[start] !== HASH) return namedCode(bytes, start, end)
  const isHex = ((bytes[start + 1] ?? 0) | SMALL) === LETTER_X
  const from = start + (isHex ? 2 : 1)
  const base = isHex ? 16 : 10
  let code = from === end ? -1 : 0
  for (let at = from; at < end && code !== -1; at++) {
    const digit = digitOf(bytes[at] as number)
    code = digit < base ? base * code + digit : -1
  }
  return code > MAX_CODE ? -1 : code
}

function namedCode(bytes: Uint8Array, start: number, end: number): number {
  let name = 0
  for (let at = start; at < end; at++) name = name * 256 + (bytes[at] as number)
  return NAMED.get(name) ?? -1
}

/** 99: it is none in any base. */
function digitOf(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const letter = (byte | SMALL) - 0x61
  return letter >= 0 && letter < 6 ? letter + 10 : 99
}
