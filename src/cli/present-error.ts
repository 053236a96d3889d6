import { isMcplexerError, log, type McplexerError, visible, visibleLine } from '../base/index.ts'
import type { ConfigError, ConfigProblem } from '../config/index.ts'
import { printError, printHint, printWarning, say } from './messages.ts'

/**
 * An error on its way out of the house. With MCPLEXER_LOG_LEVEL=debug also its code and where it came from.
 * `isFileNamed`: the user named the configuration file, so that `mcplexer init` is no answer when it is missing.
 */
export function presentError(error: unknown, isFileNamed = false): void {
  if (isConfigError(error)) presentProblems(error, isFileNamed)
  else if (isMcplexerError(error)) presentOwn(error)
  else {
    printError('something went wrong that mcplexer did not expect')
    printHint('MCPLEXER_LOG_LEVEL=debug shows where; please report it')
  }
  if (log.isDebug()) presentOrigin(error)
}

/** By its shape: its class would load the whole room, with the YAML parser, for every command. */
function isConfigError(error: unknown): error is ConfigError {
  return isMcplexerError(error) && 'problems' in error
}

/** One line per problem, as editors and other tools can jump to. */
function presentProblems({ code, path, problems, message }: ConfigError, isFileNamed: boolean): void {
  if (code === 'CONFIG_MISSING' || code === 'CONFIG_UNREADABLE') {
    printError(visibleLine(`${path}: ${problems[0]?.message ?? 'the file cannot be read'}`))
  } else {
    printError(visibleLine(message.split('\n', 1)[0] ?? ''))
    for (const { line, column, message } of problems) say(visibleLine(`${path}:${line}:${column}: ${message}`))
  }
  if (code === 'CONFIG_MISSING' && isFileNamed) return
  for (const hint of new Set(problems.flatMap((problem) => problem.hint ?? []))) printHint(hint)
}

/** What is allowed, and hardly what was meant, in the same lines. */
export function presentWarnings(path: string, warnings: readonly ConfigProblem[]): void {
  for (const { line, column, message } of warnings)
    printWarning(visibleLine(`${path}:${line}:${column}: ${message}`))
  for (const hint of new Set(warnings.flatMap((warning) => warning.hint ?? []))) printHint(hint)
}

function presentOwn(error: McplexerError): void {
  printError(error.message)
  if (error.hint !== undefined) printHint(error.hint)
}

/** Without messages: those of libraries may quote what they were given. */
function presentOrigin(error: unknown): void {
  for (let current = error; current instanceof Error; current = current.cause) {
    const frames = (current.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line))
    const name = isMcplexerError(current) ? current.code : current.name
    say(visible([`mcplexer: debug: ${name}`, ...frames].join('\n')))
  }
}
