import { Lexer, type YAMLError } from 'yaml'
import { ALL_KEYS } from './schema.ts'
import type { Fault } from './structure.ts'

const MESSAGES: Readonly<Record<string, string>> = {
  MULTIPLE_DOCS: 'only one document is allowed',
  TAG_RESOLVE_FAILED: 'tags are not allowed',
  BAD_ALIAS: 'an alias without an anchor, or too many of them',
  TAB_AS_INDENT: 'a tab cannot indent; use spaces',
  BAD_INDENT: 'the indentation does not fit: keys of one entry start in the same column',
  MISSING_CHAR: 'a character is missing (a colon, a comma, a quote or a bracket)',
  BLOCK_AS_IMPLICIT_KEY: 'a second colon with a space behind it; put the value in quotes',
  MULTILINE_IMPLICIT_KEY: 'a key is written `key: value`, with a colon and a space',
  UNEXPECTED_TOKEN: 'this does not belong here (a bracket too many, a `-` behind a key, text behind a quote)',
  BAD_SCALAR_START: 'text that starts with this character has to be in quotes',
  BAD_DQ_ESCAPE: 'a backslash within "…" starts an escape; use \'…\'',
}
const UNCLOSED = 'a bracket above is not closed'
const TOO_DEEP = 'the next line is indented deeper: keys of one entry start in the same column'
const FIRST_KEY = /^[\s-]*([A-Za-z_]+)\s*:/
/** Of more only the kind is told: each look goes through the whole file, and one mistake causes many. */
const MAX_LOOKS = 10

/**
 * Pure: what the library found, in our words, since its own can quote the file. One for each place, with the key of
 * ours that it stands at or under.
 */
export function syntaxFaults(text: string, errors: readonly YAMLError[]): Fault[] {
  const byOffset = Map.groupBy(errors, ({ pos }) => pos[0])
  return [...byOffset].map(([offset, found], index) => {
    const message = wordingOf(found.map(({ code }) => code))
    if (index >= MAX_LOOKS) return { offset, message }
    const isUnclosed = message === MESSAGES['BAD_INDENT'] && hasOpenBracket(text.slice(0, offset))
    return { offset, message: (isUnclosed ? UNCLOSED : message) + keyAt(text, offset) }
  })
}

function wordingOf(codes: readonly string[]): string {
  const [code = ''] = codes
  if (code === 'BLOCK_AS_IMPLICIT_KEY' && codes.includes('MULTILINE_IMPLICIT_KEY')) return TOO_DEEP
  return MESSAGES[code] ?? `not valid YAML (${code.toLowerCase().replaceAll('_', ' ')})`
}

function hasOpenBracket(text: string): boolean {
  let brackets = 0
  for (const token of new Lexer().lex(text)) {
    if (token === '[' || token === '{') brackets++
    else if (token === ']' || token === '}') brackets--
  }
  return brackets > 0
}

/** Names of ours only: any other text of the file may be a value. */
function keyAt(text: string, offset: number): string {
  const lineEnd = text.indexOf('\n', offset)
  const lines = text.slice(0, lineEnd === -1 ? text.length : lineEnd).split('\n')
  const key = lines.flatMap((line) => FIRST_KEY.exec(line)?.[1] ?? []).findLast((name) => ALL_KEYS.has(name))
  return key === undefined ? '' : ` (at or under \`${key}\`)`
}
