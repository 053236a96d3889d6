import { Lists } from './lists.ts'
import type { Reading } from './reading.ts'

/** Of each list, 8 bytes are looked at: the shortest has 23, as in `49,50,51,52,53,54,55,56`. */
const STEP = 16
const LOOKED_AT = 8
/** `0x67`. */
const LONGEST_ITEM = 4
const BACKSLASH = 0x5c
const [OTHER, BETWEEN, MARK, LETTER, DIGIT] = [0, 1, 2, 3, 4]
const KIND = new Uint8Array(256)
for (const [kind, characters] of [
  [BETWEEN, ' \t\r\n,;:\'"[](){}\\|&#-'],
  // of `0x67` and `\x67`
  [MARK, 'xX'],
  // of `\n`
  [LETTER, 'nrt'],
  [DIGIT, '0123456789abcdefABCDEF'],
] as const)
  for (const character of characters) KIND[character.charCodeAt(0)] = kind
const NO_BYTE = 1000
/** The value of a digit; a letter makes a decimal number none. */
const HEX = new Uint8Array(256)
const DECIMAL = new Uint16Array(256)
for (const digit of '0123456789abcdefABCDEF') {
  HEX[digit.charCodeAt(0)] = Number.parseInt(digit, 16)
  DECIMAL[digit.charCodeAt(0)] = digit < ':' ? Number(digit) : NO_BYTE
}

/**
 * What the lists of numbers in a text say when each is a byte, in hexadecimal and in decimal: `67 68`, `67:68`,
 * `0x67, 0x68`, `\x67\x68`, `[103,104]`. Escapes between them need not be undone first.
 */
export function listedBytes(text: Reading): Reading[] {
  const { bytes } = text
  const lists = new Lists()
  let done = 0
  for (let at = 0; at + LOOKED_AT <= bytes.length; at += STEP) {
    if (!isLikeList(bytes, at)) continue
    let start = at
    // a list that began earlier was seen a step earlier
    const earliest = Math.max(done, at - STEP)
    while (start > earliest && KIND[bytes[start - 1] as number] !== OTHER) start--
    done = readLists(bytes, start, lists)
    at = done - STEP
  }
  return lists.readings(text)
}

/** A number of four digits is no byte; UUIDs and dates are left here. */
function isLikeList(bytes: Uint8Array, start: number): boolean {
  let digits = 0
  for (let at = start; at < start + LOOKED_AT && digits < 4; at++) {
    const kind = KIND[bytes[at] as number]
    if (kind === OTHER) return false
    digits = kind === DIGIT ? digits + 1 : 0
  }
  return digits < 4
}

/** Gives where the first byte or the first long number stands that belongs to no list. */
function readLists(bytes: Uint8Array, start: number, lists: Lists): number {
  for (let at = start; at < bytes.length; ) {
    const kind = KIND[bytes[at] as number]
    if (kind === DIGIT || kind === MARK) {
      const itemAt = at
      at = readItem(bytes, at, lists)
      if (at - itemAt <= LONGEST_ITEM) continue
      lists.end()
      return at
    }
    if (kind === OTHER || (kind === LETTER && bytes[at - 1] !== BACKSLASH)) lists.end()
    if (kind === OTHER) return at
    at++
  }
  lists.end()
  return bytes.length
}

/** A number that is no byte ends the list. Gives where it ends. */
function readItem(bytes: Uint8Array, start: number, lists: Lists): number {
  let digitsAt = start
  let hex = 0
  let decimal = 0
  let at = start
  for (let kind = KIND[bytes[at] as number]; kind === DIGIT || kind === MARK; kind = KIND[bytes[++at] ?? 0]) {
    const byte = bytes[at] as number
    hex = (hex << 4) | (HEX[byte] as number)
    decimal = 10 * decimal + (DECIMAL[byte] as number)
    if (kind !== MARK) continue
    digitsAt = at + 1
    hex = 0
    decimal = NO_BYTE
  }
  hex = at - digitsAt > 2 ? 0 : hex
  decimal = decimal > 255 ? 0 : decimal
  if ((hex | decimal) === 0) lists.end()
  else lists.add(bytes[start - 1] === BACKSLASH ? start - 1 : start, at, hex, decimal)
  return at
}
