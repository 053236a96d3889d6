import { closeSync, openSync, readSync, writeSync } from 'node:fs'
import { Secret } from '../base/index.ts'
import { CliError } from './cli-error.ts'

const CTRL_C = 0x03
const CTRL_D = 0x04
const BACKSPACES = new Set([0x08, 0x7f])
const ENTERS = new Set([0x0a, 0x0d])
const PASTE_START = [0x1b, 0x5b, 0x32, 0x30, 0x30, 0x7e]
const PASTE_END = [0x1b, 0x5b, 0x32, 0x30, 0x31, 0x7e]
const BRACKETED_PASTE = { on: '\x1b[?2004h', off: '\x1b[?2004l' }

export function isInteractive(): boolean {
  return process.stdin.isTTY === true
}

/**
 * Reads a value without showing it. A pasted text of several lines is taken whole. Throws CLI_CANCELLED on Ctrl-C;
 * the terminal is as before in every case.
 */
export async function askSecret(question: string): Promise<Secret> {
  writeSync(2, `${question} (input is hidden): `)
  return withRawTerminal(async (next) => {
    const typed: number[] = []
    let isPasting = false
    for (;;) {
      const byte = await next()
      if (byte === null || byte === CTRL_C || (byte === CTRL_D && typed.length === 0)) throw cancelled()
      if (!isPasting && ENTERS.has(byte)) return new Secret(Uint8Array.from(typed))
      if (!isPasting && BACKSPACES.has(byte)) removeCharacter(typed)
      else typed.push(isPasting && byte === 0x0d ? 0x0a : byte)
      if (endsWith(typed, PASTE_START)) {
        typed.length -= PASTE_START.length
        isPasting = true
      } else if (endsWith(typed, PASTE_END)) {
        typed.length -= PASTE_END.length
        isPasting = false
      }
    }
  })
}

/** False for anything but yes. Throws CLI_NEEDS_TERMINAL without one. */
export function confirm(question: string): boolean {
  if (!isInteractive()) {
    throw new CliError('CLI_NEEDS_TERMINAL', 'this needs a confirmation, and there is no terminal', {
      hint: 'add --yes',
    })
  }
  writeSync(2, `${question} [y/N] `)
  const terminal = openSync('/dev/tty', 'r')
  const answer = new Uint8Array(16)
  const size = readSync(terminal, answer)
  closeSync(terminal)
  return /^y(es)?$/i.test(new TextDecoder().decode(answer.subarray(0, size)).trim())
}

async function withRawTerminal<T>(work: (next: () => Promise<number | null>) => Promise<T>): Promise<T> {
  const { stdin } = process
  const restore = (): void => {
    stdin.setRawMode(false)
    writeSync(2, `${BRACKETED_PASTE.off}\n`)
  }
  const onSignal = (): void => {
    restore()
    process.exit(130)
  }
  process.once('SIGTERM', onSignal)
  process.once('SIGHUP', onSignal)
  stdin.setRawMode(true)
  writeSync(2, BRACKETED_PASTE.on)
  try {
    return await work(byteReader(stdin))
  } finally {
    restore()
    stdin.pause()
    process.off('SIGTERM', onSignal)
    process.off('SIGHUP', onSignal)
  }
}

function byteReader(stdin: NodeJS.ReadStream): () => Promise<number | null> {
  const chunks = stdin[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>
  let chunk: Uint8Array = new Uint8Array(0)
  let at = 0
  return async () => {
    while (at >= chunk.length) {
      const { done, value } = await chunks.next()
      if (done) return null
      chunk.fill(0)
      chunk = value
      at = 0
    }
    return chunk[at++] ?? null
  }
}

/** A character of several bytes goes as a whole. */
function removeCharacter(typed: number[]): void {
  let last = typed.pop()
  while (last !== undefined && last >= 0x80 && last < 0xc0) last = typed.pop()
}

function endsWith(typed: readonly number[], tail: readonly number[]): boolean {
  return (
    typed.length >= tail.length &&
    tail.every((byte, index) => typed[typed.length - tail.length + index] === byte)
  )
}

function cancelled(): CliError {
  return new CliError('CLI_CANCELLED', 'cancelled; nothing was changed')
}
