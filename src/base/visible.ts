const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

/**
 * Foreign text for a terminal: control, bidi and zero-width characters are shown as `\u{…}`, not obeyed. Line breaks
 * and tabs stay.
 */
export function visible(text: string): string {
  return text.replace(UNSEEN, (character) =>
    character === '\n' || character === '\t' ? character : escaped(character),
  )
}

/** The same for one line: an id or a path that holds a line break cannot pass itself off as a line of ours. */
export function visibleLine(text: string): string {
  return text.replace(UNSEEN, escaped)
}

/** JSON with such characters as JSON's own escapes, so that it means the same; the lines stay. */
export function escapedJson(json: string): string {
  return json.replace(UNSEEN, (character) =>
    character === '\n'
      ? character
      : Array.from({ length: character.length }, (_, at) => unit(character, at)).join(''),
  )
}

function unit(text: string, at: number): string {
  return `\\u${text.charCodeAt(at).toString(16).padStart(4, '0')}`
}

function escaped(character: string): string {
  return `\\u{${character.codePointAt(0)?.toString(16)}}`
}
