import { escapedJson, systemCode, systemReason, visibleLine } from '../base/index.ts'
import { CliError } from './cli-error.ts'
import { columns, folded } from './layout.ts'
import { isOutputTerminal, terminalWidth } from './terminal.ts'

/**
 * The only place of commands that writes to stdout. Resolves when the bytes have left. A reader that has seen enough
 * (`mcplexer … | head -1`) is no error; a full disk is CLI_OUTPUT_FAILED.
 */
export async function printBytes(bytes: Uint8Array): Promise<void> {
  const writer = Bun.stdout.writer()
  try {
    await writer.write(bytes)
    await writer.end()
  } catch (error) {
    if (systemCode(error) === 'EPIPE') return
    throw new CliError('CLI_OUTPUT_FAILED', `stdout cannot be written to: ${systemReason(error)}`)
  }
}

export function print(text: string): Promise<void> {
  return printBytes(new TextEncoder().encode(`${text}\n`))
}

export function printJson(value: unknown): Promise<void> {
  return printJsonText(JSON.stringify(value, null, 2))
}

/** JSON with foreign text in it: the same bytes on a pipe, and for a terminal the same value. */
export function printJsonText(json: string): Promise<void> {
  return print(isOutputTerminal() ? escapedJson(json) : json)
}

/** A sentence as a result. */
export function printText(text: string): Promise<void> {
  return print(foldedText(text))
}

/** Broken between words at a terminal, and not at all on a pipe. */
export function foldedText(text: string): string {
  return folded(text, terminalWidth())
}

/** The cells may hold foreign text. */
export function table(rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map(visibleLine))
  return columns(cells, terminalWidth())
}
