import type { LineEnds } from './framing.ts'

const VERSION = '(?:"jsonrpc"\\s*:\\s*"2\\.0"\\s*,\\s*)?'
const ESCAPE = '\\\\(?:["\\\\/bfnrt]|u[0-9A-Fa-f]{4})'
const ID = `"id"\\s*:\\s*(-?(?:0|[1-9]\\d*)|"(?:[^"\\\\\\p{Cc}]|${ESCAPE})*")\\s*`
const FIRST = new RegExp(`^\\s*\\{\\s*${VERSION}${ID}[,}]`, 'u')
const LAST = new RegExp(`${ID}(?:,\\s*"jsonrpc"\\s*:\\s*"2\\.0"\\s*)?\\}\\s*$`, 'u')
const METHOD = new RegExp(`^\\s*\\{\\s*${VERSION}(?:${ID},\\s*)?${VERSION}"method"\\s*:`, 'u')

/** JSON source. Servers write the id of a reply first or last. */
export function idAtEitherEnd({ head, tail }: LineEnds): string | null {
  return FIRST.exec(textOf(head))?.[1] ?? LAST.exec(textOf(tail))?.[1] ?? null
}

/** The same of a request; null when it is not known to be one. */
export function requestIdAtEitherEnd(ends: LineEnds): string | null {
  return METHOD.test(textOf(ends.head)) ? idAtEitherEnd(ends) : null
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}
