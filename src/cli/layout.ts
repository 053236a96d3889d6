const GAP = '  '
/** Stands for a space where no line ends; no message has it, as control characters are shown by their number. */
const UNBROKEN = '\x01'
/** A last column that is narrower is no column any more. */
const NARROWEST = 24

/**
 * Rows as columns; the last column wraps. Where even that does not fit in `width` (null: no limit), each row becomes
 * its first cell with the others below, as no cell is ever cut: some are commands to paste.
 */
export function columns(rows: readonly (readonly string[])[], width: number | null): string {
  const head = rows[0]?.slice(0, -1) ?? []
  const widths = head.map((_, column) => Math.max(...rows.map((row) => Bun.stringWidth(row[column] ?? ''))))
  const indent = widths.reduce((sum, cell) => sum + cell + GAP.length, 0)
  if (width !== null && width - indent < Math.min(NARROWEST, widestLast(rows))) return stacked(rows, width)
  return rows
    .map((row) => {
      const front = widths.map((cell, column) => padded(row[column] ?? '', cell) + GAP).join('')
      return hung(front, wrap(row.at(-1) ?? '', width === null ? null : width - indent))
    })
    .join('\n')
}

/** Breaks between words; a longer word stays whole. Line breaks of the text stay. */
export function wrap(text: string, width: number | null): string[] {
  if (width === null) return text.split('\n')
  return text.split('\n').flatMap((line) => {
    const lines: string[] = []
    for (const word of line.split(' ')) {
      const last = lines.at(-1)
      if (last !== undefined && Bun.stringWidth(last) + 1 + Bun.stringWidth(word) <= width)
        lines[lines.length - 1] = `${last} ${word}`
      else lines.push(word)
    }
    return lines
  })
}

/** To be pasted: with a line break in it a shell would run half of it. */
export function isCommand(line: string): boolean {
  return /^(mcplexer|chmod|mkdir|mv|export|kill|sudo|ls) /.test(line)
}

/**
 * Messages between words, what follows a break indented. Left alone are lines that are laid out already, commands to
 * paste, and what stands in backticks.
 */
export function folded(text: string, width: number | null): string {
  if (width === null) return text
  return text
    .split('\n')
    .flatMap((line) => (/^\s/.test(line) || isCommand(line) ? [line] : foldedLine(line, width)))
    .join('\n')
}

function foldedLine(line: string, width: number): string[] {
  const lines = wrapAround(/`[^`]*`/g, line, Bun.stringWidth(line) <= width ? width : width - GAP.length)
  return lines.map((part, index) => (index === 0 ? part : GAP + part))
}

/** Breaks between words, and never in what matches `span`. */
export function wrapAround(span: RegExp, line: string, width: number): string[] {
  const whole = line.replace(span, (found) => found.replaceAll(' ', UNBROKEN))
  return wrap(whole, width).map((part) => part.replaceAll(UNBROKEN, ' '))
}

function stacked(rows: readonly (readonly string[])[], width: number): string {
  return rows
    .map(([first = '', ...others]) => {
      const indent = GAP + first.slice(0, first.search(/\S|$/))
      const below = others.filter(Boolean).flatMap((cell) => wrap(cell, width - indent.length))
      return [first, ...below.map((line) => indent + line)].join('\n')
    })
    .join('\n')
}

function hung(front: string, [first = '', ...more]: readonly string[]): string {
  const indent = ' '.repeat(Bun.stringWidth(front))
  return [front + first, ...more.map((line) => indent + line)].map((line) => line.trimEnd()).join('\n')
}

function padded(cell: string, width: number): string {
  return cell + ' '.repeat(width - Bun.stringWidth(cell))
}

function widestLast(rows: readonly (readonly string[])[]): number {
  return Math.max(0, ...rows.map((row) => Bun.stringWidth(row.at(-1) ?? '')))
}
