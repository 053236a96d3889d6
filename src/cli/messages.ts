import { writeSync } from 'node:fs'
import { namingConfiguration, visible, visibleLine } from '../base/index.ts'
import { folded, isCommand } from './layout.ts'
import { errorWidth, isErrorTerminal, paint } from './terminal.ts'

let hasProgressLine = false

/** For people beside the result: what was done, what to do next. */
export function say(text: string): void {
  writeError(`${folded(namingConfiguration(text), errorWidth())}\n`)
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
  const line = `${paint('36', 'mcplexer: hint:')} ${visible(namingConfiguration(hint))}`
  if (isCommand(hint)) writeError(`${line}\n`)
  else say(line)
}

export function printWarning(message: string): void {
  say(`${paint('33', 'mcplexer: warning:')} ${visible(message)}`)
}

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

function writeError(text: string): void {
  try {
    writeSync(2, text)
  } catch {
    // nobody is listening
  }
}
