import { unpercented, unquotedPrintable } from './marked-bytes.ts'
import { listedBytes } from './number-lists.ts'
import type { Reading } from './reading.ts'
import { unescaped } from './unescape.ts'
import { withoutUnseen } from './unseen.ts'

/** JSON in JSON in JSON, and one more for characters that nobody sees. */
const MAX_LEVELS = 4
/** Of a whole message: what one of its texts needs may come late, as others are undone with it. */
export const MAX_LEVELS_OF_ALL = 3 * MAX_LEVELS
/** `%2525XX`. */
const MAX_PERCENT = 3

/**
 * The text as it is, and with bytes spelt out in it undone: `%XX`, `=XX`, lists of numbers. None of these needs JSON
 * escapes undone first, so of a text without unusual ones these are all readings.
 */
export function* plainReadings(text: Reading): Generator<Reading> {
  yield text
  yield* percentReadings(text)
  const printable = unquotedPrintable(text)
  if (printable !== null) yield printable
  yield* listedBytes(text)
}

/** The text at each of its levels: with escapes undone, and without what nobody sees. */
export function* levelsOf(text: Reading, maxLevels = MAX_LEVELS): Generator<Reading> {
  let level: Reading | null = text
  for (let depth = 0; depth < maxLevels && level !== null; depth++) {
    yield level
    level = withoutUnseen(level) ?? unescaped(level)
  }
}

function* percentReadings(text: Reading): Generator<Reading> {
  let reading = unpercented(text)
  for (let times = 0; times < MAX_PERCENT && reading !== null; times++) {
    yield reading
    reading = unpercented(reading)
  }
}
