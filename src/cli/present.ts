import { writeSync } from 'node:fs'
import { hostEnvironment, isMcplexerError, log } from '../base/index.ts'
import { CliError } from './cli-error.ts'

/**
 * The only place that writes to stdout. Resolves when the bytes have left. A reader that has seen enough, as in
 * `mcplexer … | head -1`, is no error; a full disk is CLI_OUTPUT_FAILED.
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

/** For people beside the result: what was done, what to do next. */
export function say(text: string): void {
  writeError(text)
}

export function printError(message: string): void {
  writeError(`${paint('31', 'mcplexer: error:')} ${message}`)
}

export function printHint(hint: string): void {
  writeError(`${paint('36', 'mcplexer: hint:')} ${hint}`)
}

export function printWarning(message: string): void {
  writeError(`${paint('33', 'mcplexer: warning:')} ${message}`)
}

/** An error on its way out of the house. */
export function presentError(error: unknown): void {
  if (!isMcplexerError(error)) {
    printError('something went wrong that mcplexer did not expect')
    printHint('MCPLEXER_LOG_LEVEL=debug shows where; please report it')
    if (log.isDebug() && error instanceof Error) writeError(error.stack?.split('\n').slice(1).join('\n') ?? '')
    return
  }
  printError(visible(error.message))
  if (error.hint !== undefined) printHint(visible(error.hint))
  if (log.isDebug())
    writeError(`mcplexer: debug: ${error.code}\n${error.stack?.split('\n').slice(1).join('\n')}`)
}

/** Columns as wide as their longest cell; on a narrow terminal the last one is cut. */
export function table(rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map(visible))
  const widths = (cells[0] ?? []).map((_, column) =>
    Math.max(...cells.map((row) => (row[column] ?? '').length)),
  )
  const width = terminalWidth()
  return cells
    .map((row) =>
      row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0))),
    )
    .map((row) => row.join('  ').trimEnd())
    .map((line) => (width !== null && line.length > width ? `${line.slice(0, width - 1)}…` : line))
    .join('\n')
}

export function ageOf(thenMs: number, nowMs: number): string {
  const days = Math.floor((nowMs - thenMs) / 86_400_000)
  if (days > 0) return days === 1 ? '1 day' : `${days} days`
  const minutes = Math.max(0, Math.floor((nowMs - thenMs) / 60_000))
  return minutes >= 60 ? `${Math.floor(minutes / 60)} h` : `${minutes} min`
}

/** Control, bidi and zero-width characters of foreign text are shown, not obeyed. */
export function visible(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, (control) =>
    control === '\n' || control === '\t' ? control : `\\u{${control.codePointAt(0)?.toString(16)}}`,
  )
}

/** A line that the next one replaces; on a pipe nothing. */
export function progressLine(text: string): void {
  if (isTerminal()) writeRaw(`\r\x1b[K${text}`)
}

export function endProgress(): void {
  if (isTerminal()) writeRaw('\r\x1b[K')
}

function isTerminal(): boolean {
  return process.stderr.isTTY === true
}

function paint(colour: string, text: string): string {
  return isTerminal() && !hostEnvironment()['NO_COLOR'] ? `\x1b[${colour}m${text}\x1b[0m` : text
}

function terminalWidth(): number | null {
  return process.stdout.isTTY ? (process.stdout.columns ?? 80) : null
}

function writeError(text: string): void {
  writeRaw(`${text}\n`)
}

function writeRaw(text: string): void {
  try {
    writeSync(2, text)
  } catch {
    // nobody is listening
  }
}
