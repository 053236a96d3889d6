import { unreferenced } from './entities.ts'
import { unpercented, unquotedPrintable } from './marked-bytes.ts'
import { listedBytes } from './number-lists.ts'
import type { Reading } from './reading.ts'
import { unescaped, withoutBackslashes } from './unescape.ts'
import { withoutUnseen } from './unseen.ts'

/** JSON in JSON in JSON, and one more for characters that nobody sees. */
const MAX_LEVELS = 4
/** Of a whole message: what one of its texts needs may come late, as others are undone with it. */
export const MAX_LEVELS_OF_ALL = 3 * MAX_LEVELS
/** `%2525XX`, `&amp;amp;lt;`. */
const MAX_TIMES = 3

/**
 * The text as it is, and with what is spelt out in it undone: `&lt;`, `\$`. None of these needs JSON escapes undone
 * first, as patterns know a value whose quotes alone were undone.
 */
export function* plainReadings(text: Reading): Generator<Reading> {
  yield text
  yield* undoneAgain(text, unreferenced)
  const unquoted = withoutBackslashes(text)
  if (unquoted !== null) yield unquoted
}

/**
 * The same for bytes spelt out: `%XX`, `=XX`, lists of numbers. Of a plain value these are all readings; another one may
 * be spelt so in part, with JSON escapes in the other.
 */
export function* byteReadings(text: Reading): Generator<Reading> {
  yield* undoneAgain(text, unpercented)
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

function* undoneAgain(text: Reading, undo: (text: Reading) => Reading | null): Generator<Reading> {
  let reading = undo(text)
  for (let times = 0; times < MAX_TIMES && reading !== null; times++) {
    yield reading
    reading = undo(reading)
  }
}
