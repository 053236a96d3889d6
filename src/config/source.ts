import {
  type Document,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type Scalar,
  visit,
  type YAMLMap,
} from 'yaml'
import { ConfigError, type ConfigProblem } from './config-error.ts'
import { deceptiveFaults, excessiveDepth, MAX_ALIASES, MAX_DEPTH, structureFaults } from './structure.ts'
import { syntaxFaults } from './syntax.ts'

export const MAX_BYTES = 1024 * 1024
export const TOO_LARGE = 'the file is larger than 1 MiB'

/** The parsed file, with a place for every path. What it says of a problem never quotes the file. */
export class YamlSource {
  readonly path: string
  readonly text: string
  readonly #document: Document
  readonly #lines: LineCounter
  readonly #pairs = new WeakMap<YAMLMap, ReadonlyMap<string, Pair>>()

  private constructor(path: string, text: string, document: Document, lines: LineCounter) {
    this.path = path
    this.text = text
    this.#document = document
    this.#lines = lines
  }

  /** Throws CONFIG_INVALID with every problem that makes it unreadable. */
  static parse(bytes: Uint8Array, path: string): YamlSource {
    const fail = (message: string, position = { line: 1, column: 1 }): never => {
      throw new ConfigError('CONFIG_INVALID', path, [{ ...position, message }])
    }
    if (bytes.length > MAX_BYTES) fail(TOO_LARGE)
    const text = decode(bytes) ?? fail('the file is not valid UTF-8')
    const tooDeep = excessiveDepth(text)
    if (tooDeep !== null) fail(`nested deeper than ${MAX_DEPTH} levels`, tooDeep)
    const lines = new LineCounter()
    let document: Document
    try {
      document = parseDocument(text, {
        lineCounter: lines,
        prettyErrors: false,
        logLevel: 'error',
        stringKeys: true,
        // the library compares every key with every other, which takes minutes on a file of 1 MiB
        uniqueKeys: false,
      })
    } catch {
      return fail('the file cannot be read as YAML')
    }
    const source = new YamlSource(path, text, document, lines)
    const problems = source.#faults()
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

  /** Whether the file says anything at this path. */
  has(path: readonly PropertyKey[]): boolean {
    return this.#nodeAt(path) !== null
  }

  problemAt(path: readonly PropertyKey[], message: string, hint?: string): ConfigProblem {
    return { ...this.#positionOf(path), message, ...(hint === undefined ? {} : { hint }) }
  }

  /** At the key itself, not at its value. */
  problemAtKey(path: readonly PropertyKey[], key: string, message: string, hint?: string): ConfigProblem {
    const map = this.#nodeAt(path)
    const written = isMap(map) ? this.#pairsOf(map).get(key)?.key : undefined
    const offset = isScalar(written) ? written.range?.[0] : undefined
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
      const offset = this.#nodeAt(path.slice(0, length))?.range?.[0]
      if (offset !== undefined) return this.positionAt(offset)
    }
    return { line: 1, column: 1 }
  }

  #nodeAt(path: readonly PropertyKey[]): Node | null {
    let node: unknown = this.#document.contents
    for (const step of path) {
      if (isMap(node)) node = this.#pairsOf(node).get(String(step))?.value
      else node = isSeq(node) && typeof step === 'number' ? node.items[step] : null
    }
    return isNode(node) ? node : null
  }

  /** The library looks for a key by going through all of them, too slow for a problem in each of 40,000. */
  #pairsOf(map: YAMLMap): ReadonlyMap<string, Pair> {
    let pairs = this.#pairs.get(map)
    if (pairs === undefined) {
      pairs = new Map(map.items.flatMap((pair) => (isScalar(pair.key) ? [[String(pair.key.value), pair]] : [])))
      this.#pairs.set(map, pairs)
    }
    return pairs
  }

  #faults(): ConfigProblem[] {
    const { errors, warnings } = this.#document
    const lineAt = (offset: number): number => this.positionAt(offset).line
    const syntax = syntaxFaults(this.text, [...errors, ...warnings], lineAt)
    const faults = [...deceptiveFaults(this.text), ...syntax, ...structureFaults(this.#document)]
    return faults.map(({ offset, message }) => ({ ...this.positionAt(offset), message }))
  }
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
