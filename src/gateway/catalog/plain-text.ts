/**
 * Characters that a person does not see and a model reads: control, bidirectional, zero-width, tags. Line breaks and
 * tabs are text. Unicode categories Cc and Cf.
 */
const UNSEEN = /(?![\n\r\t])[\p{Cc}\p{Cf}]/gu
/** A JSON escape, whole, so that the second half of `\\` never begins one. */
const ESCAPE = /\\(?:u([0-9a-fA-F]{4})|.)/gs
/** Tag characters and others beyond the first plane are two escapes each. */
const UNSEEN_PAIR = /\\ud(?:834\\udd7[3-9a]|b40\\udc[0-7][0-9a-f])/gi

/** The text without them. */
export function plainText(text: string): string {
  return text.replace(UNSEEN, '')
}

/** The same for the text in JSON source; all else stays as it is. */
export function plainSource(source: string): string {
  if (!source.includes('\\u')) return plainText(source)
  return plainText(source.replace(UNSEEN_PAIR, '')).replace(ESCAPE, (written, code: string | undefined) => {
    if (code === undefined) return written
    const character = String.fromCharCode(Number.parseInt(code, 16))
    return character.replace(UNSEEN, '') === '' ? '' : written
  })
}
