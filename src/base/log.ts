import { writeSync } from 'node:fs'
import { hostEnvironment } from './env.ts'

const LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const
type Level = (typeof LEVELS)[number]

/**
 * Diagnostics, to stderr only and at once (a crash loses nothing). MCPLEXER_LOG_LEVEL: debug, info (default),
 * warn, error or silent. Text comes from us; what others wrote is escaped by the caller.
 */
export const log = {
  debug: (text: string) => print('debug', `mcplexer: debug: ${text}`),
  info: (text: string) => print('info', `mcplexer: ${text}`),
  warn: (text: string) => print('warn', `mcplexer: warning: ${text}`),
  error: (text: string) => print('error', `mcplexer: error: ${text}`),
  /** A line that is already worded, such as `github | …` from a server. */
  line: (text: string) => print('info', text),
  isDebug: () => threshold() === 'debug',
}

function threshold(): Level {
  const wanted = hostEnvironment()['MCPLEXER_LOG_LEVEL'] as Level | undefined
  return wanted && LEVELS.includes(wanted) ? wanted : 'info'
}

function print(level: Level, text: string): void {
  if (LEVELS.indexOf(level) < LEVELS.indexOf(threshold())) return
  try {
    writeSync(2, `${text}\n`)
  } catch {
    // stderr is closed or full: diagnostics are the one thing that may be lost
  }
}
