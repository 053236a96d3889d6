import { writeSync } from 'node:fs'
import { hostEnvironment } from './env.ts'
import { isMcplexerError } from './errors.ts'
import { namingConfiguration } from './naming-configuration.ts'
import { visible } from './visible.ts'

const LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const
type Level = (typeof LEVELS)[number]

const MAX_QUEUED_CHARACTERS = 256 * 1024
const LEAVING_LIMIT_MS = 500

/**
 * Diagnostics, to stderr only. MCPLEXER_LOG_LEVEL: debug, info (default), warn, error or silent. A terminal obeys
 * nothing of the text; whoever puts in what others wrote sees to its line breaks.
 */
export const log = {
  debug: (text: string) => print('debug', `mcplexer: debug: ${text}`),
  info: (text: string) => print('info', `mcplexer: ${namingConfiguration(text)}`),
  warn: (text: string) => print('warn', `mcplexer: warning: ${namingConfiguration(text)}`),
  error: (text: string) => print('error', `mcplexer: error: ${namingConfiguration(text)}`),
  /** An error, and what to do about it. Those of libraries may quote what they were given: then it is `otherwise`. */
  failure: (error: unknown, otherwise: string, level: 'error' | 'warn' = 'error') => {
    log[level](isMcplexerError(error) ? error.message : otherwise)
    if (isMcplexerError(error) && error.hint !== undefined) log.info(`hint: ${error.hint}`)
  },
  /** A line that is already worded, such as `github | …` from a server. */
  line: (text: string) => print('info', text),
  isDebug: () => threshold() === 'debug',
  /** From now on a reader of stderr that does not read cannot stop us; what it leaves unread is dropped. */
  neverBlock: () => {
    write = queueing(Bun.stderr.writer())
  },
  /** To be awaited before the process exits; a reader that does not read is not waited for. */
  flush: () => Promise.race([sent, Bun.sleep(LEAVING_LIMIT_MS)]),
}

/** Of what is queued. */
let sent: Promise<unknown> = Promise.resolve()

/** At once, so that a crash loses nothing. */
let write = (text: string): void => {
  try {
    writeSync(2, text)
  } catch {
    // stderr is closed or full: diagnostics are the one thing that may be lost
  }
}

function threshold(): Level {
  const wanted = hostEnvironment()['MCPLEXER_LOG_LEVEL'] as Level | undefined
  return wanted && LEVELS.includes(wanted) ? wanted : 'info'
}

function print(level: Level, text: string): void {
  if (LEVELS.indexOf(level) < LEVELS.indexOf(threshold())) return
  write(`${visible(text)}\n`)
}

function queueing(sink: Bun.FileSink): (text: string) => void {
  let queued = 0
  return (text) => {
    if (queued + text.length > MAX_QUEUED_CHARACTERS) return
    queued += text.length
    sent = sent
      .then(() => sink.write(text))
      .then(() => sink.flush())
      .catch(() => undefined)
      .then(() => {
        queued -= text.length
      })
  }
}
