import { writeSync } from 'node:fs'
import { hostEnvironment, isMcplexerError, log, type McplexerError } from '../base/index.ts'
import type { ConfigError, ConfigProblem } from '../config/index.ts'
import { CliError } from './cli-error.ts'
import { columns, folded, isCommand } from './layout.ts'
import { visible, visibleLine } from './visible.ts'

/**
 * The only place that writes to stdout. Resolves when the bytes have left. A reader that has seen enough
 * (`mcplexer … | head -1`) is no error; a full disk is CLI_OUTPUT_FAILED.
 */
export async function printBytes(bytes: Uint8Array): Promise<void> {
  const writer = Bun.stdout.writer()
  try {
    await writer.write(bytes)
    await writer.end()
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason'
    if (reason !== 'EPIPE') throw new CliError('CLI_OUTPUT_FAILED', `stdout cannot be written to: ${reason}`)
  }
}

export function print(text: string): Promise<void> {
  return printBytes(new TextEncoder().encode(`${text}\n`))
}

export function printJson(value: unknown): Promise<void> {
  return print(JSON.stringify(value, null, 2))
}

/** A sentence as a result. */
export function printText(text: string): Promise<void> {
  return print(foldedText(text))
}

/** Between words at a terminal, and not at all on a pipe. */
export function foldedText(text: string): string {
  return folded(text, terminalWidth())
}

/** For people beside the result: what was done, what to do next. */
export function say(text: string): void {
  writeError(`${folded(text, errorWidth())}\n`)
}

export function note(text: string): void {
  say(`mcplexer: ${visibleLine(text)}`)
}

/** What somebody who has just pressed Ctrl-C waits for; a script is told by the exit code. */
export function noteAtTerminal(text: string): void {
  if (!isErrorTerminal()) return
  clearLine()
  note(text)
}

export function printError(message: string): void {
  say(`${paint('31', 'mcplexer: error:')} ${visible(message)}`)
}

export function printHint(hint: string): void {
  const line = `${paint('36', 'mcplexer: hint:')} ${visible(hint)}`
  if (isCommand(hint)) writeError(`${line}\n`)
  else say(line)
}

export function printWarning(message: string): void {
  say(`${paint('33', 'mcplexer: warning:')} ${visible(message)}`)
}

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

/** The cells may hold foreign text. */
export function table(rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map(visibleLine))
  return columns(cells, terminalWidth())
}

let hasProgressLine = false

/** A line that the next one replaces; on a pipe nothing. */
export function progressLine(text: string): void {
  if (!isErrorTerminal()) return
  hasProgressLine = true
  writeError(`\r\x1b[K${text}`)
}

export function endProgress(): void {
  if (hasProgressLine) clearLine()
  hasProgressLine = false
}

/** Of progress, or of the `^C` that a terminal shows. */
export function clearLine(): void {
  if (isErrorTerminal()) writeError('\r\x1b[K')
}

/** Null when stdout is no terminal: then lines have any length. */
export function terminalWidth(): number | null {
  return isOutputTerminal() ? process.stdout.columns || 80 : null
}

function errorWidth(): number | null {
  return isErrorTerminal() ? process.stderr.columns || 80 : null
}

export function isOutputTerminal(): boolean {
  return process.stdout.isTTY === true
}

/** Headings of the help. */
export function bold(text: string): string {
  return isOutputTerminal() && hasColours() ? `\x1b[1m${text}\x1b[0m` : text
}

function isErrorTerminal(): boolean {
  return process.stderr.isTTY === true
}

function paint(colour: string, text: string): string {
  return isErrorTerminal() && hasColours() ? `\x1b[${colour}m${text}\x1b[0m` : text
}

/** https://no-color.org: any value but the empty one switches colours off. */
function hasColours(): boolean {
  const environment = hostEnvironment()
  return !environment['NO_COLOR'] && environment['TERM'] !== 'dumb'
}

function writeError(text: string): void {
  try {
    writeSync(2, text)
  } catch {
    // nobody is listening
  }
}
