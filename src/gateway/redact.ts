const MASK = '[secret]'

/**
 * Pure: takes the given values out of a text. The longest first, so that a value that contains another leaves no
 * rest; empty values match nothing. A value of several lines is masked line by line, as text is read in lines.
 */
export function maskValues(values: readonly string[]): (text: string) => string {
  const pieces = new Set(values.flatMap((value) => value.split(/\r?\n/)).filter((piece) => piece.length >= 4))
  const longestFirst = [...pieces].sort((a, b) => b.length - a.length)
  return (text) => longestFirst.reduce((masked, piece) => masked.replaceAll(piece, MASK), text)
}
