import { hostEnvironment } from '../base/index.ts'

/** Null when stdout is no terminal: then lines have any length. */
export function terminalWidth(): number | null {
  return isOutputTerminal() ? process.stdout.columns || 80 : null
}

/** The same of stderr. */
export function errorWidth(): number | null {
  return isErrorTerminal() ? process.stderr.columns || 80 : null
}

export function isOutputTerminal(): boolean {
  return process.stdout.isTTY === true
}

/** Headings of the help. */
export function bold(text: string): string {
  return isOutputTerminal() && hasColours() ? `\x1b[1m${text}\x1b[0m` : text
}

export function isErrorTerminal(): boolean {
  return process.stderr.isTTY === true
}

/** The name in front of a message on stderr; `colour`: of ECMA-48, `31` is red. */
export function paint(colour: string, text: string): string {
  return isErrorTerminal() && hasColours() ? `\x1b[${colour}m${text}\x1b[0m` : text
}

/** https://no-color.org: any value but the empty one switches colours off. */
function hasColours(): boolean {
  const environment = hostEnvironment()
  return !environment['NO_COLOR'] && environment['TERM'] !== 'dumb'
}
