import { parse } from 'node:path'
import { absoluteEntries, hostEnvironment } from '../../base/index.ts'
import { VaultError } from '../vault-error.ts'

const LIMIT_MS = 60_000
const MAX_BYTES = 64 * 1024
/** Between the end of a command and the end of its output, which an agent that it has started may hold open. */
const LAST_WORDS_MS = 200
const ROOT = parse(process.execPath).root

/**
 * What such a command as `op read …` prints, without its last newline. It runs in the root folder, and no program of the
 * folder that we are in is run, which may be anybody's. Throws VAULT_KEY_COMMAND_FAILED.
 */
export async function outputOf(command: readonly string[]): Promise<string> {
  const text = await printedBy(command).catch(() => '')
  if (text !== '') return text
  throw commandFailed(`${command[0]} did not give the passphrase of the key file`)
}

/** As it will be read at each later opening: twice the same. Throws VAULT_KEY_COMMAND_FAILED. */
export async function steadyOutputOf(command: readonly string[]): Promise<string> {
  const text = await outputOf(command)
  if ((await outputOf(command)) === text) return text
  throw commandFailed(`${command[0]} gives another passphrase each time, so that nothing would be opened again`)
}

/** '' when it fails. */
async function printedBy([program = '', ...args]: readonly string[]): Promise<string> {
  const PATH = absoluteEntries(hostEnvironment()['PATH'])
  const path = Bun.which(program, { PATH, cwd: ROOT })
  if (path === null) return ''
  const child = Bun.spawn([path, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...hostEnvironment(), PATH },
    cwd: ROOT,
    timeout: LIMIT_MS,
    killSignal: 'SIGKILL',
  })
  const bytes = await endOf(child.stdout, child.exited)
  if (bytes === null) child.kill('SIGKILL')
  return bytes === null || (await child.exited) !== 0
    ? ''
    : new TextDecoder().decode(bytes).replace(/\r?\n$/, '')
}

/** Null: there is more than a passphrase can be. */
async function endOf(output: ReadableStream<Uint8Array>, exited: Promise<number>): Promise<Uint8Array | null> {
  const reader = output.getReader()
  const giveUp = () => reader.cancel().catch(() => undefined)
  void exited.then(() => setTimeout(giveUp, LAST_WORDS_MS).unref())
  const chunks: Uint8Array[] = []
  for (let size = 0; size <= MAX_BYTES; size += chunks.at(-1)?.length ?? 0) {
    const { value, done } = await reader.read()
    if (done) return Buffer.concat(chunks)
    chunks.push(value)
  }
  return null
}

function commandFailed(message: string): VaultError {
  return new VaultError('VAULT_KEY_COMMAND_FAILED', message, {
    hint: 'run it by hand in / to see why, and write full paths; `mcplexer key protect` sets another one',
  })
}
