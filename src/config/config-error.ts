import { type ErrorCode, McplexerError } from '../base/index.ts'

export interface ConfigProblem {
  /** Both from 1. */
  readonly line: number
  readonly column: number
  readonly message: string
  readonly hint?: string
}

/** Somebody who gets more has named the wrong file. */
const MAX_PROBLEMS = 100

/** What is wrong with a file, in the order of its lines; of very many the first hundred. */
export class ConfigError extends McplexerError {
  readonly path: string
  readonly problems: readonly ConfigProblem[]

  constructor(code: ErrorCode, path: string, problems: readonly ConfigProblem[]) {
    const all = problems.toSorted((a, b) => a.line - b.line || a.column - b.column)
    const ordered = all.slice(0, MAX_PROBLEMS)
    const more = all.length > ordered.length ? `, of which these are the first ${MAX_PROBLEMS}` : ''
    const count = `${all.length} ${all.length === 1 ? 'problem' : 'problems'}`
    const listed = ordered.map(({ line, column, message }) => `${path}:${line}:${column}: ${message}`)
    const hint = ordered.find((problem) => problem.hint !== undefined)?.hint
    super(
      code,
      [`${count} in the configuration${more}`, ...listed].join('\n'),
      hint === undefined ? {} : { hint },
    )
    this.path = path
    this.problems = ordered
  }
}
