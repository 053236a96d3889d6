import { parse } from 'node:path'
import { absoluteEntries, hostEnvironment, log, McplexerError } from '../../../base/index.ts'
import { VaultError } from '../../vault-error.ts'
import { encodeStanza, type Stanza, stanzasIn } from './stanza.ts'

/** Of C2SP age-plugin.md: wraps file keys, or unwraps them. */
export type PluginMode = 'recipient-v1' | 'identity-v1'

/** For a touch, a network, a slow card; while a person is asked no time runs. */
export const SILENCE_LIMIT_MS = 60_000
const SAID_AFTER_MS = 4000
const END_GRACE_MS = 1000
const INTERRUPTED = 130
/** Ours, and what runs code in a program or logs what it sends. The rest is the user's own, for a program of theirs. */
const KEPT_BACK = /^(MCPLEXER_|BUN_|LD_|DYLD_|NODE_OPTIONS$|NODE_PATH$)/i

/** A plugin that runs, and the stanzas that go in and out. What it writes to stderr is dropped: it knows secrets. */
export class PluginProcess {
  readonly #program: string
  readonly #limitMs: number
  readonly #child: Bun.Subprocess<'pipe', 'pipe', 'ignore'>
  readonly #stanzas: AsyncGenerator<Stanza>
  /** Also when we end without having come to `end()`. */
  readonly #kill = (): void => this.#child.kill('SIGKILL')

  private constructor(program: string, path: string, mode: PluginMode, limitMs: number) {
    this.#program = program
    this.#limitMs = limitMs
    // in our process group: Ctrl-C reaches it, and a program that asks for a PIN itself keeps the terminal
    this.#child = Bun.spawn([path, `--age-plugin=${mode}`], {
      stdio: ['pipe', 'pipe', 'ignore'],
      env: pluginEnvironment(hostEnvironment()),
      cwd: parse(path).root,
    })
    this.#stanzas = stanzasIn(this.#child.stdout)
    process.once('exit', this.#kill)
  }

  /** Throws VAULT_PLUGIN_MISSING or VAULT_PLUGIN_FAILED. */
  static start(program: string, mode: PluginMode, limitMs = SILENCE_LIMIT_MS): PluginProcess {
    const path = Bun.which(program, { PATH: absoluteEntries(hostEnvironment()['PATH']) })
    if (path === null) throw missing(program)
    try {
      return new PluginProcess(program, path, mode, limitMs)
    } catch {
      throw pluginFailed(program, 'could not be started')
    }
  }

  /** Throws VAULT_PLUGIN_FAILED when it does not read. */
  async send(stanza: Stanza): Promise<void> {
    const bytes = encodeStanza(stanza)
    try {
      await this.#inTime(this.#write(bytes))
    } finally {
      bytes.fill(0)
    }
  }

  /**
   * Throws VAULT_PLUGIN_FAILED when it ends or is silent for too long, SyntaxError when it says what is no stanza, and
   * CLI_CANCELLED.
   */
  async next(): Promise<Stanza> {
    const said = setTimeout(() => log.info(`waiting for ${this.#program}`), SAID_AFTER_MS)
    try {
      const { value, done } = await this.#inTime(this.#stanzas.next())
      if (done === true) throw await this.#inTime(this.#earlyEnd())
      return value
    } finally {
      clearTimeout(said)
    }
  }

  /** Resolves when it has ended: by itself once its input is closed, else by force. */
  async end({ atOnce }: { atOnce: boolean }): Promise<void> {
    const timer = setTimeout(this.#kill, atOnce ? 0 : END_GRACE_MS)
    try {
      await this.#child.stdin.end()
    } catch {
      // closed already
    }
    await this.#child.exited
    clearTimeout(timer)
    process.off('exit', this.#kill)
  }

  /** Ctrl-C may reach it before it reaches us. */
  async #earlyEnd(): Promise<McplexerError> {
    const exitCode = await this.#child.exited
    const isInterrupted = this.#child.signalCode === 'SIGINT' || exitCode === INTERRUPTED
    return isInterrupted
      ? new McplexerError('CLI_CANCELLED', 'cancelled')
      : pluginFailed(this.#program, 'ended too early')
  }

  async #write(bytes: Uint8Array): Promise<void> {
    try {
      await this.#child.stdin.write(bytes)
      await this.#child.stdin.flush()
    } catch {
      // it has ended: reading says so
    }
  }

  async #inTime<T>(work: Promise<T>): Promise<T> {
    const late = Promise.withResolvers<never>()
    const error = pluginFailed(this.#program, 'did not answer in time')
    const timer = setTimeout(() => late.reject(error), this.#limitMs)
    try {
      return await Promise.race([work, late.promise])
    } finally {
      clearTimeout(timer)
    }
  }
}

export function pluginEnvironment(
  host: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> {
  const kept = Object.entries(host).filter(([name]) => !KEPT_BACK.test(name))
  return { ...Object.fromEntries(kept), PATH: absoluteEntries(host['PATH']) }
}

function missing(program: string): VaultError {
  return new VaultError('VAULT_PLUGIN_MISSING', `${program} is not on the PATH`, {
    hint: `install ${program} where PATH leads to by an absolute path; a client app may start its servers with another PATH`,
  })
}

export function pluginFailed(program: string, what: string, hint = seeing(program)): VaultError {
  return new VaultError('VAULT_PLUGIN_FAILED', `${program} ${what}`, { hint })
}

function seeing(program: string): string {
  return `see whether ${program} works by itself, and whether its device is plugged in`
}
