import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  parseDocument,
  type Scalar,
  visit,
} from 'yaml'
import { ConfigError, type ConfigProblem } from './config-error.ts'

const MAX_BYTES = 1024 * 1024
const MAX_ALIASES = 50
const MAX_DEPTH = 50
const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype'])

/** The parsed file, with a place for every path. What it says of a problem never quotes the file. */
export class YamlSource {
  readonly path: string
  readonly text: string
  readonly #document: Document
  readonly #lines: LineCounter

  private constructor(path: string, text: string, document: Document, lines: LineCounter) {
    this.path = path
    this.text = text
    this.#document = document
    this.#lines = lines
  }

  /** Throws CONFIG_INVALID with every problem that makes it unreadable. */
  static parse(bytes: Uint8Array, path: string): YamlSource {
    const fail = (message: string): never => {
      throw new ConfigError('CONFIG_INVALID', path, [{ line: 1, column: 1, message }])
    }
    if (bytes.length > MAX_BYTES) fail('the file is larger than 1 MiB')
    const text = decode(bytes) ?? fail('the file is not valid UTF-8')
    if (nestingOf(text) > MAX_DEPTH) fail(`nested deeper than ${MAX_DEPTH} levels`)
    const lines = new LineCounter()
    let document: Document
    try {
      document = parseDocument(text, {
        lineCounter: lines,
        prettyErrors: false,
        logLevel: 'error',
        stringKeys: true,
      })
    } catch {
      return fail('the file cannot be read as YAML')
    }
    const source = new YamlSource(path, text, document, lines)
    const problems = [...source.#syntaxProblems(), ...source.#structureProblems()]
    if (problems.length > 0) throw new ConfigError('CONFIG_INVALID', path, problems)
    return source
  }

  /** Throws CONFIG_INVALID when aliases make it grow beyond measure. */
  toJs(): unknown {
    try {
      return this.#document.toJS({ maxAliasCount: MAX_ALIASES }) ?? {}
    } catch {
      throw new ConfigError('CONFIG_INVALID', this.path, [
        { line: 1, column: 1, message: 'its aliases expand too far' },
      ])
    }
  }

  problemAt(path: readonly PropertyKey[], message: string, hint?: string): ConfigProblem {
    return { ...this.#positionOf(path), message, ...(hint === undefined ? {} : { hint }) }
  }

  /** At the key itself, not at its value. */
  problemAtKey(path: readonly PropertyKey[], key: string, message: string, hint?: string): ConfigProblem {
    const map = this.#document.getIn(path as unknown[], true)
    const pair = isMap(map)
      ? map.items.find((item: Pair) => isScalar(item.key) && item.key.value === key)
      : undefined
    const offset = isScalar(pair?.key) ? pair.key.range?.[0] : undefined
    const position = offset === undefined ? this.#positionOf(path) : this.positionAt(offset)
    return { ...position, message, ...(hint === undefined ? {} : { hint }) }
  }

  positionAt(offset: number): { line: number; column: number } {
    const { line, col } = this.#lines.linePos(offset)
    return { line, column: col }
  }

  /** Every scalar, keys included, with the key that it stands under and, in a list, the scalar before it. */
  scalars(): { node: Scalar; key: string | null; previous: string | null }[] {
    const found: { node: Scalar; key: string | null; previous: string | null }[] = []
    visit(this.#document, {
      Scalar: (position, node, ancestors) => {
        const parent = ancestors.at(-1)
        const key = position === 'value' && isPairOf(parent) ? String(parent.key.value) : null
        const before = isSeq(parent) && typeof position === 'number' ? parent.items[position - 1] : null
        found.push({ node, key, previous: isScalar(before) ? String(before.value) : null })
      },
    })
    return found
  }

  #positionOf(path: readonly PropertyKey[]): { line: number; column: number } {
    for (let length = path.length; length > 0; length--) {
      const node = this.#document.getIn(path.slice(0, length) as unknown[], true)
      if (isNode(node) && node.range) return this.positionAt(node.range[0])
    }
    return { line: 1, column: 1 }
  }

  /** The library's own messages can quote the line, so only their kind is used. */
  #syntaxProblems(): ConfigProblem[] {
    return [...this.#document.errors, ...this.#document.warnings].map(({ code, pos }) => ({
      ...this.positionAt(pos[0]),
      message: SYNTAX_MESSAGES[code] ?? `not valid YAML (${code.toLowerCase().replaceAll('_', ' ')})`,
    }))
  }

  #structureProblems(): ConfigProblem[] {
    const problems: ConfigProblem[] = []
    let aliases = 0
    visit(this.#document, {
      Alias: (_, node) => {
        if (++aliases === MAX_ALIASES)
          problems.push({ ...this.positionAt(node.range?.[0] ?? 0), message: 'too many aliases' })
      },
      Pair: (_, pair) => {
        if (!isScalar(pair.key) || !FORBIDDEN_KEYS.has(String(pair.key.value))) return
        problems.push({
          ...this.positionAt(pair.key.range?.[0] ?? 0),
          message: 'this name is not allowed as a key',
        })
      },
      Node: (_, node) => {
        if (isAlias(node) || node.tag === undefined || node.tag.startsWith('tag:yaml.org,2002:')) return
        problems.push({ ...this.positionAt(node.range?.[0] ?? 0), message: 'tags are not allowed' })
      },
    })
    return problems
  }
}

const SYNTAX_MESSAGES: Readonly<Record<string, string>> = {
  DUPLICATE_KEY: 'this key stands twice',
  MULTIPLE_DOCS: 'only one document is allowed',
  TAG_RESOLVE_FAILED: 'tags are not allowed',
  BAD_ALIAS: 'an alias without an anchor, or too many of them',
  TAB_AS_INDENT: 'a tab cannot indent; use spaces',
  BAD_INDENT: 'the indentation does not fit',
  MISSING_CHAR: 'a character is missing (a colon, a quote or a bracket)',
}

function isPairOf(node: unknown): node is Pair<Scalar, unknown> {
  return typeof node === 'object' && node !== null && 'key' in node && isScalar(node.key)
}

function decode(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return null
  }
}

/** An upper bound from the text alone: the parser itself takes very long on very deep input. */
function nestingOf(text: string): number {
  let deepest = 0
  for (const line of text.split('\n')) {
    const opening = (line.match(/[[{]/g) ?? []).length
    const dashes = (line.match(/^(\s*[-?:]\s)+/)?.[0].match(/[-?:]/g) ?? []).length
    deepest = Math.max(deepest, opening, dashes)
  }
  return deepest > MAX_DEPTH ? deepest : Math.max(deepest, depthOfFlow(text))
}

function depthOfFlow(text: string): number {
  let depth = 0
  let deepest = 0
  for (const character of text) {
    if (character === '[' || character === '{') deepest = Math.max(deepest, ++depth)
    else if (character === ']' || character === '}') depth = Math.max(0, depth - 1)
  }
  return deepest
}
