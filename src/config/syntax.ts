import { Lexer, type YAMLError } from 'yaml'
import { ALL_KEYS } from './schema.ts'
import { type Fault, MARKS } from './structure.ts'

const INDENT =
  'the indentation does not fit: keys of one entry, and entries of one list, start in the same column'
const MESSAGES: Readonly<Record<string, string>> = {
  MULTIPLE_DOCS: 'only one document is allowed',
  TAG_RESOLVE_FAILED: 'tags are not allowed',
  BAD_ALIAS: 'an alias without an anchor, or too many of them',
  TAB_AS_INDENT: 'a tab cannot indent; use spaces',
  BAD_INDENT: INDENT,
  MISSING_CHAR: 'a character is missing (a colon, a comma, a quote or a bracket)',
  BLOCK_AS_IMPLICIT_KEY: 'a second colon with a space behind it; put the value in quotes',
  MULTILINE_IMPLICIT_KEY: 'a key is written `key: value`, with a colon and a space',
  UNEXPECTED_TOKEN: 'this does not belong here (a bracket too many, a `-` behind a key, text behind a quote)',
  BAD_SCALAR_START: 'text that starts with this character has to be in quotes',
  BAD_DQ_ESCAPE: 'a backslash within "…" starts an escape; use \'…\'',
}
const UNCLOSED = 'this bracket is not closed'
const TOO_DEEP = 'the next line is indented deeper: keys of one entry start in the same column'
const MAY_BE_INDENT = new Set(['BLOCK_AS_IMPLICIT_KEY', 'MISSING_CHAR'])
const FIRST_KEY = /^[\s-]*([A-Za-z_]+)\s*:/
/** Of more only the kind is told: each look goes through the whole file, and one mistake causes many. */
const MAX_LOOKS = 10

/**
 * Pure: what the library found, in our words, since its own can quote the file. The first of each line, with the key
 * of ours that it stands at or under.
 */
export function syntaxFaults(
  text: string,
  errors: readonly YAMLError[],
  lineAt: (offset: number) => number,
): Fault[] {
  const byLine = Map.groupBy(errors, ({ pos }) => lineAt(pos[0]))
  return [...byLine.values()].map((found, index) => {
    const offset = found[0]?.pos[0] ?? 0
    const codes = found.map(({ code }) => code)
    return index < MAX_LOOKS ? lookedAt(text, offset, codes) : { offset, message: wordingOf(codes) }
  })
}

function wordingOf(codes: readonly string[]): string {
  const [code = ''] = codes
  if (code === 'BLOCK_AS_IMPLICIT_KEY' && codes.includes('MULTILINE_IMPLICIT_KEY')) return TOO_DEEP
  return MESSAGES[code] ?? `not valid YAML (${code.toLowerCase().replaceAll('_', ' ')})`
}

function lookedAt(text: string, offset: number, codes: readonly string[]): Fault {
  const [code = ''] = codes
  const isIndent = code === 'BAD_INDENT' || (MAY_BE_INDENT.has(code) && isInIndentation(text, offset))
  const bracket = isIndent ? openBracketAt(text.slice(0, offset)) : null
  if (bracket !== null) return { offset: bracket, message: UNCLOSED + keyAt(text, bracket) }
  return { offset, message: (isIndent ? INDENT : wordingOf(codes)) + keyAt(text, offset) }
}

/** Where the library complains of the blanks themselves, or of the dash behind them. */
function isInIndentation(text: string, offset: number): boolean {
  const before = text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset)
  return before.trim() === '' && /[ -]/.test(text[offset] ?? '')
}

/** The last bracket that is still open, or null. */
function openBracketAt(text: string): number | null {
  const open: number[] = []
  let offset = 0
  for (const token of new Lexer().lex(text)) {
    if (token === '[' || token === '{') open.push(offset)
    else if (token === ']' || token === '}') open.pop()
    if (!MARKS.has(token)) offset += token.length
  }
  return open.at(-1) ?? null
}

/** Names of ours only: any other text of the file may be a value. */
function keyAt(text: string, offset: number): string {
  const lineEnd = text.indexOf('\n', offset)
  const lines = text.slice(0, lineEnd === -1 ? text.length : lineEnd).split('\n')
  const key = lines.flatMap((line) => FIRST_KEY.exec(line)?.[1] ?? []).findLast((name) => ALL_KEYS.has(name))
  return key === undefined ? '' : ` (at or under \`${key}\`)`
}
