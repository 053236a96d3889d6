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

function escaped(character: string): string {
  return `\\u{${character.codePointAt(0)?.toString(16)}}`
}
