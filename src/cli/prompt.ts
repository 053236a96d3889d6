import { writeSync } from 'node:fs'
import { Secret } from '../base/index.ts'
import type { Person } from '../vault/index.ts'
import { CliError } from './cli-error.ts'
import { HiddenLine } from './hidden-line.ts'
import { counted } from './wording.ts'

const BRACKETED_PASTE = { on: '\x1b[?2004h', off: '\x1b[?2004l' }

export function isInteractive(): boolean {
  return process.stdin.isTTY === true
}

/**
 * Reads a value without showing it. Throws CLI_CANCELLED on Ctrl-C and at the end of input. The terminal is as before
 * in every case: the way back hangs on the end of the process, which signals lead to as well.
 */
export async function askSecret(question: string): Promise<Secret> {
  const line = new HiddenLine()
  try {
    const state = await withRawTerminal(`${question} (input is hidden): `, () => readInto(line))
    if (state === 'cancelled') throw cancelled()
    if (line.lineCount > 1) writeSync(2, `(${counted(line.lineCount, 'line')})\n`)
    return new Secret(line.take())
  } finally {
    line.wipe()
  }
}

/** False for anything but yes. Throws CLI_NEEDS_TERMINAL without one. */
export async function confirm(question: string): Promise<boolean> {
  if (!isInteractive()) {
    throw new CliError('CLI_NEEDS_TERMINAL', 'this needs a confirmation, and there is no terminal', {
      hint: 'add --yes',
    })
  }
  return /^y(es)?$/i.test((await readLine(`${question} [y/N] `)) ?? '')
}

/** Who answers for what opens the key file. */
export const personAtTerminal: Person = {
  askSecret,
  askLine: async (question) => {
    const line = await readLine(`${question}: `)
    if (line === null) throw cancelled()
    return line
  },
  choose: async (question, yes, no) => {
    const choices = no === null ? `Enter: ${yes}` : `1: ${yes}, 2: ${no}`
    const line = await readLine(`${question} [${choices}] `)
    if (line === null) throw cancelled()
    return no === null || line === '1'
  },
}

/** Shown as it is typed; null at the end of input. */
async function readLine(question: string): Promise<string | null> {
  writeSync(2, question)
  const leaveLine = (): unknown => writeSync(2, '\n')
  process.once('exit', leaveLine)
  const answer = await nextChunk()
  process.off('exit', leaveLine)
  if (answer !== null) return Buffer.from(answer).toString().trim()
  leaveLine()
  return null
}

function cancelled(): CliError {
  return new CliError('CLI_CANCELLED', 'cancelled; nothing was changed')
}

/** Raw before the question appears: what somebody types at once must not be echoed. */
async function withRawTerminal<T>(question: string, work: () => Promise<T>): Promise<T> {
  const { stdin } = process
  const restore = (): void => {
    stdin.setRawMode(false)
    writeSync(2, `${BRACKETED_PASTE.off}\n`)
  }
  process.once('exit', restore)
  try {
    stdin.setRawMode(true)
    writeSync(2, `${BRACKETED_PASTE.on}${question}`)
    return await work()
  } finally {
    process.off('exit', restore)
    restore()
  }
}

async function readInto(line: HiddenLine): Promise<'done' | 'cancelled'> {
  for (let chunk = await nextChunk(); chunk !== null; chunk = await nextChunk()) {
    try {
      for (const byte of chunk) {
        const state = line.feed(byte)
        if (state !== 'more') return state
      }
    } finally {
      chunk.fill(0)
    }
  }
  return 'cancelled'
}

/** What comes next at the terminal; null at its end. Iterating over stdin would end it for the question after this. */
function nextChunk(): Promise<Uint8Array | null> {
  const { stdin } = process
  // it says so once only
  if (stdin.readableEnded) return Promise.resolve(null)
  return new Promise((resolve) => {
    const settle = (chunk: Uint8Array | null): void => {
      stdin.off('data', settle).off('end', atEnd).pause()
      resolve(chunk)
    }
    const atEnd = (): void => settle(null)
    stdin.on('data', settle).on('end', atEnd).resume()
  })
}
