import { isAscii } from 'node:buffer'
import type { Span } from '../wire/json-span.ts'
import type { Hit, Matcher } from './matcher.ts'
import { listedBytes } from './reading/number-lists.ts'
import { piece, type Reading } from './reading/reading.ts'
import { byteReadings, levelsOf, MAX_LEVELS_OF_ALL, plainReadings } from './reading/readings.ts'
import { joinedLines } from './reading/wrapped.ts'

/** A long text is read piece by piece, as its readings take several times its size. */
const PIECE_BYTES = 1024 * 1024
/** Bytes of the source for one of a pattern: `\u0041`, or a number on a line of its own. */
const LONGEST_SPELLING = 6
/** `%`, `&`, `=`, the backslash, and the only character that nobody sees and JSON does not escape. */
const MARKS = [0x25, 0x26, 0x3d, 0x5c, 0x7f]

export interface Matchers {
  readonly text: Matcher
  /** Base64 and hex only: no other text comes together when line breaks are left out. */
  readonly codes: Matcher
  /** Whether all values are ASCII, without characters that JSON escapes. */
  readonly isPlain: boolean
}

/** Pieces of the source from `start` to `end`, with so much in common that no value is cut. */
export function* piecesOf(
  source: Uint8Array,
  { text }: Matchers,
  start = 0,
  end = source.length,
): Generator<Reading> {
  const overlap = text.longest * LONGEST_SPELLING
  for (let from = start; from < end; from += PIECE_BYTES)
    yield piece(source, from, Math.min(end, from + PIECE_BYTES + overlap))
}

/** The quick look at a line of JSON: most have nothing in them by which a byte could be spelt in another way. */
export function isHarmless(line: Uint8Array, { text }: Matchers): boolean {
  const isOrdinary = isAscii(line) && !MARKS.some((mark) => line.includes(mark))
  return isOrdinary && !text.hasHit(line) && listedBytes(piece(line)).length === 0
}

/**
 * Whether anything is found in the text, its escapes as they are, words or not; or may be: what is spelt out in part
 * may be a value only when the escapes of the other part are undone.
 */
export function mayHaveHit(text: Reading, matchers: Matchers): boolean {
  for (const [matcher, reading, mayBeInPart] of looksAt(text, matchers))
    if (matcher.hasHit(reading.bytes) || (mayBeInPart && !matchers.isPlain)) return true
  return false
}

/** What is found in the text, its escapes as they are, each on its own span of the source; they may overlap. */
export function hitsIn(text: Reading, matchers: Matchers): Hit[] {
  const found: Hit[] = []
  for (const [matcher, reading] of looksAt(text, matchers))
    for (const { start, end, value } of matcher.hits(reading.bytes))
      found.push({ ...reading.spanOf(start, end), value })
  return found
}

/** The same with escapes undone, and undone again. */
export function hitsAtAllLevels(text: Reading, matchers: Matchers, maxLevels?: number): Hit[] {
  const found: Hit[] = []
  for (const level of levelsOf(text, maxLevels)) found.push(...hitsIn(level, matchers))
  return found
}

/** Where in a line of JSON anything may be, in order: what is in one of its texts is also in all of them as one. */
export function placesIn(line: Uint8Array, matchers: Matchers): Span[] {
  const look = (text: Reading) => hitsAtAllLevels(text, matchers, MAX_LEVELS_OF_ALL)
  return [...piecesOf(line, matchers)].flatMap(look).sort((a, b) => a.start - b.start)
}

/** With each reading whether a value may be spelt so in part only. */
function* looksAt(text: Reading, { text: matcher, codes }: Matchers): Generator<[Matcher, Reading, boolean]> {
  for (const reading of plainReadings(text)) yield [matcher, reading, false]
  for (const reading of byteReadings(text)) yield [matcher, reading, true]
  const joined = joinedLines(text)
  if (joined !== null) yield [codes, joined, true]
}
