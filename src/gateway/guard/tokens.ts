import { nextByte } from './reading/reading.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COLON = 0x3a
const STRUCTURE = new Set([...'{}[],: \t\n\r'].map((character) => character.charCodeAt(0)))
const OPENING = new Set([0x7b, 0x5b])
const CLOSING = new Set([0x7d, 0x5d])
const decoder = new TextDecoder()

/** A string without its quotes, or any other scalar of a JSON text. */
export interface Token {
  readonly start: number
  readonly end: number
  readonly kind: 'key' | 'string' | 'scalar'
  /** The member that it is the value of, escapes and all; of an array's items the array's. */
  readonly member: string
  readonly depth: number
}

/** Pure: the scalars of a JSON text that was found valid. */
export function* tokensOf(bytes: Uint8Array): Generator<Token> {
  const members = ['']
  for (let at = 0; at < bytes.length; ) {
    const byte = bytes[at] as number
    const member = members.at(-1) ?? ''
    const depth = members.length - 1
    if (OPENING.has(byte)) members.push(member)
    if (CLOSING.has(byte)) members.pop()
    if (STRUCTURE.has(byte)) {
      at++
    } else if (byte === QUOTE) {
      const end = endOfString(bytes, at + 1)
      const isKey = bytes[afterSpace(bytes, end + 1)] === COLON
      if (isKey) members[members.length - 1] = decoder.decode(bytes.subarray(at + 1, end))
      yield { start: at + 1, end, kind: isKey ? 'key' : 'string', member, depth }
      at = end + 1
    } else {
      const start = at
      while (at < bytes.length && !STRUCTURE.has(bytes[at] as number)) at++
      yield { start, end: at, kind: 'scalar', member, depth }
    }
  }
}

function endOfString(bytes: Uint8Array, from: number): number {
  for (let at = nextByte(bytes, QUOTE, from); ; at = nextByte(bytes, QUOTE, at + 1)) {
    let slash = at
    while (slash > from && bytes[slash - 1] === BACKSLASH) slash--
    if ((at - slash) % 2 === 0 || at >= bytes.length) return at
  }
}

function afterSpace(bytes: Uint8Array, from: number): number {
  let at = from
  while ((bytes[at] ?? 0) > 0 && (bytes[at] ?? 0) <= 0x20) at++
  return at
}
