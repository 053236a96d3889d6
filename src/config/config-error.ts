import { type ErrorCode, McplexerError } from '../base/index.ts'

export interface ConfigProblem {
  /** Both from 1. */
  readonly line: number
  readonly column: number
  readonly message: string
  readonly hint?: string
}

/** Everything that is wrong with a file, in the order of its lines. */
export class ConfigError extends McplexerError {
  readonly path: string
  readonly problems: readonly ConfigProblem[]

  constructor(code: ErrorCode, path: string, problems: readonly ConfigProblem[]) {
    const ordered = problems.toSorted((a, b) => a.line - b.line || a.column - b.column)
    const count = ordered.length === 1 ? '1 problem' : `${ordered.length} problems`
    const listed = ordered.map(({ line, column, message }) => `${path}:${line}:${column}: ${message}`)
    const hint = ordered.find((problem) => problem.hint !== undefined)?.hint
    super(code, [`${count} in the configuration`, ...listed].join('\n'), hint === undefined ? {} : { hint })
    this.path = path
    this.problems = ordered
  }
}
