import type { LineEnds } from './framing.ts'

const VERSION = '(?:"jsonrpc"\\s*:\\s*"2\\.0"\\s*,\\s*)?'
const ESCAPE = '\\\\(?:["\\\\/bfnrt]|u[0-9A-Fa-f]{4})'
const ID = `"id"\\s*:\\s*(-?(?:0|[1-9]\\d*)|"(?:[^"\\\\\\p{Cc}]|${ESCAPE})*")\\s*`
const FIRST = new RegExp(`^\\s*\\{\\s*${VERSION}${ID}[,}]`, 'u')
const LAST = new RegExp(`${ID}(?:,\\s*"jsonrpc"\\s*:\\s*"2\\.0"\\s*)?\\}\\s*$`, 'u')
const BEFORE = `^\\s*\\{\\s*${VERSION}(?:${ID},\\s*)?${VERSION}`
const METHOD = new RegExp(`${BEFORE}"method"\\s*:`, 'u')
const OUTCOME = new RegExp(`${BEFORE}"(?:result|error)"\\s*:`, 'u')

/** JSON source. Servers write the id of a reply first or last. */
export function idAtEitherEnd({ head, tail }: LineEnds): string | null {
  return FIRST.exec(textOf(head))?.[1] ?? LAST.exec(textOf(tail))?.[1] ?? null
}

/** The same of a request; null when it is not known to be one. */
export function requestIdAtEitherEnd(ends: LineEnds): string | null {
  return METHOD.test(textOf(ends.head)) ? idAtEitherEnd(ends) : null
}

/** The same of a response. */
export function responseIdAtEitherEnd(ends: LineEnds): string | null {
  return OUTCOME.test(textOf(ends.head)) ? idAtEitherEnd(ends) : null
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}
