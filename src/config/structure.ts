import { type Document, isScalar, Lexer, visit } from 'yaml'

export const MAX_ALIASES = 50
export const MAX_DEPTH = 50
const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype'])

export interface Fault {
  /** Characters from the start of the text. */
  readonly offset: number
  readonly message: string
}

/** What YAML allows and this file does not: aliases without end, keys that stand twice or reach into objects. */
export function structureFaults(document: Document): Fault[] {
  const faults: Fault[] = []
  let aliases = 0
  if (document.directives?.yaml.explicit) faults.push({ offset: 0, message: 'a %YAML line is not allowed' })
  visit(document, {
    Alias: (_, node) => {
      if (++aliases === MAX_ALIASES) faults.push({ offset: node.range?.[0] ?? 0, message: 'too many aliases' })
    },
    Map: (_, { items }) => {
      const names = new Set<string>()
      for (const { key } of items) {
        if (!isScalar(key)) continue
        const message = faultOfKey(String(key.value), names)
        if (message !== null) faults.push({ offset: key.range?.[0] ?? 0, message })
      }
    },
  })
  return faults
}

function faultOfKey(name: string, earlier: Set<string>): string | null {
  if (FORBIDDEN_KEYS.has(name)) return 'this name is not allowed as a key'
  if (earlier.has(name)) return 'this key stands twice'
  earlier.add(name)
  return null
}

/** Control characters, directions of writing, and breaks of lines that are none here: all but LF and CRLF. */
const DECEPTIVE = /\r(?!\n)|(?![\t\n\r])\p{Cc}|[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/u
const DECEPTIVE_FAULT =
  'a character that is not seen, after which the rest reads otherwise; within "…" write it as \\u and four digits'

/** What makes a person, or another reader of YAML, see another file than is read here. */
export function deceptiveFaults(text: string): Fault[] {
  const offset = text.search(DECEPTIVE)
  return offset === -1 ? [] : [{ offset, message: DECEPTIVE_FAULT }]
}

/**
 * Where the text first nests deeper than allowed, or null. Found by the lexer, which does not recurse: the parser
 * takes very long on very deep input. Nesting by indentation needs no limit: 1 MiB has room for 1,400 levels.
 */
export function excessiveDepth(text: string): { line: number; column: number } | null {
  let line = 1
  let column = 1
  let brackets = 0
  let indicatorsInLine = 0
  for (const token of new Lexer().lex(text)) {
    if (token === '[' || token === '{') brackets++
    else if (token === ']' || token === '}') brackets = Math.max(0, brackets - 1)
    else if (token === '-' || token === '?') indicatorsInLine++
    if (brackets > MAX_DEPTH || indicatorsInLine > MAX_DEPTH) return { line, column }
    const lastBreak = token.lastIndexOf('\n')
    if (lastBreak === -1) {
      column += MARKS.has(token) ? 0 : token.length
      continue
    }
    line += token.split('\n').length - 1
    column = token.length - lastBreak
    indicatorsInLine = 0
  }
  return null
}

/** Tokens that stand for no character of the text: byte order mark, start of a document, of a flow, of a scalar. */
export const MARKS = new Set(['\u{FEFF}', '\x02', '\x18', '\x1f'])
