/**
 * Characters that a person does not see and a model reads: control, bidirectional, zero-width, tags. Line breaks and
 * tabs are text. Unicode categories Cc and Cf.
 */
const UNSEEN = /(?![\n\r\t])[\p{Cc}\p{Cf}]/gu
/** A JSON escape, whole, so that the second half of `\\` begins none; both of a character beyond the first plane. */
const ESCAPE = /\\u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})|\\u([0-9a-f]{4})|\\./gis
const REPLACEMENT = '\\ufffd'

/** The text without them, and without half characters: two of them could become an unseen one. */
export function plainText(text: string): string {
  return text.toWellFormed().replace(UNSEEN, '')
}

/** The same for the text in JSON source; all else stays as it is. */
export function plainSource(source: string): string {
  const seen = plainText(source)
  if (!source.includes('\\u')) return seen
  return seen.replace(ESCAPE, (written, high?: string, low?: string, single?: string) => {
    const units = [high, low, single].flatMap((each) => (each === undefined ? [] : [Number.parseInt(each, 16)]))
    if (units.length === 0) return written
    const character = String.fromCharCode(...units)
    if (!character.isWellFormed()) return REPLACEMENT
    return plainText(character) === '' ? '' : written
  })
}
