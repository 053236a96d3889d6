import { readFileSync, readSync } from 'node:fs'
import { hostEnvironment, isMcplexerError, type Secret } from '../base/index.ts'
import { outputOf } from './key-command.ts'
import { keychainPassphrase } from './keychain.ts'
import { VaultError } from './vault-error.ts'

/** How to get the passphrase of a wrapped key file; no secret, in a file beside it. */
export type Protection =
  | { readonly with: 'passphrase' }
  | { readonly with: 'keychain'; readonly name: string }
  | { readonly with: 'command'; readonly command: readonly string[] }

const MAX_PASSPHRASE_BYTES = 4096
const IS_NEXT_TRIED = new Set<string>([
  'VAULT_PASSPHRASE_WRONG',
  'VAULT_KEYCHAIN_FAILED',
  'VAULT_KEY_COMMAND_FAILED',
])
const decoder = new TextDecoder()

export function protectionFile(keyFile: string): string {
  return `${keyFile}.protection`
}

/** One JSON value on each line, the one to try first in front; none when there is no file. */
export function readProtections(keyFile: string): Protection[] {
  try {
    return readFileSync(protectionFile(keyFile), 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line))
  } catch {
    return []
  }
}

/** What a process has been given to open a wrapped key file with, and what it has opened. */
export class KeyAccess {
  readonly #ask: ((question: string) => Promise<Secret>) | null
  readonly #opened = new Map<string, Uint8Array>()
  readonly #offered: string[] = []
  #passphrase: string | null = null

  /** `ask`: a person at a terminal. */
  constructor(ask: ((question: string) => Promise<Secret>) | null = null) {
    this.#ask = ask
  }

  /** To be tried; whether it fits is not known. */
  give(passphrase: string): void {
    this.#offered.push(passphrase)
  }

  /** The one that has opened the key file; null: none has. */
  get passphrase(): string | null {
    return this.#passphrase
  }

  /** A copy. */
  recall(digest: string): Uint8Array | null {
    return this.#opened.get(digest)?.slice() ?? null
  }

  remember(digest: string, inner: Uint8Array): void {
    // not `slice`, which of a Buffer is no copy
    this.#opened.set(digest, new Uint8Array(inner))
  }

  /** Everything that was given or opened is gone. */
  forget(): void {
    for (const inner of this.#opened.values()) inner.fill(0)
    this.#opened.clear()
    this.#offered.length = 0
    this.#passphrase = null
  }

  /**
   * Tries every way there is; one that fails is not the last. Throws VAULT_KEY_PROTECTED when there is none, else what
   * the first of them has failed with.
   */
  async withPassphrase<T>(keyFile: string, use: (passphrase: string) => Promise<T>): Promise<T> {
    let failure: unknown = null
    for (const passphraseOf of this.#ways(keyFile)) {
      try {
        const passphrase = await passphraseOf()
        const result = await use(passphrase)
        this.#passphrase = passphrase
        this.#offered.length = 0
        return result
      } catch (error) {
        if (!(isMcplexerError(error) && IS_NEXT_TRIED.has(error.code))) throw error
        failure ??= error
      }
    }
    throw failure ?? locked(keyFile)
  }

  #ways(keyFile: string): (() => Promise<string> | string)[] {
    const known = [this.#passphrase, ...this.#offered, descriptorPassphrase()]
    const protections = readProtections(keyFile)
    const isAsked = protections.length === 0 || protections.some((each) => each.with === 'passphrase')
    return [
      ...known.flatMap((passphrase) => (passphrase === null ? [] : () => passphrase)),
      ...protections.flatMap((protection) => {
        if (protection.with === 'keychain') return () => keychainPassphrase(protection.name)
        return protection.with === 'command' ? () => outputOf(protection.command) : []
      }),
      ...(this.#ask !== null && isAsked ? [() => this.#asked(keyFile)] : []),
    ]
  }

  async #asked(keyFile: string): Promise<string> {
    if (this.#ask === null) throw locked(keyFile)
    const answer = await this.#ask(`Passphrase of ${keyFile}`)
    const text = decoder.decode(answer.reveal())
    answer.wipe()
    return text
  }
}

let descriptorText: string | null = null

/** From MCPLEXER_AGE_PASSPHRASE_FD, or null; read once, as a pipe cannot be read again. Throws VAULT_KEY_PROTECTED. */
export function descriptorPassphrase(): string | null {
  const descriptor = Number(hostEnvironment()['MCPLEXER_AGE_PASSPHRASE_FD'] || Number.NaN)
  if (descriptorText !== null || !Number.isInteger(descriptor)) return descriptorText
  const buffer = new Uint8Array(MAX_PASSPHRASE_BYTES)
  try {
    let size = 0
    for (let read = -1; read !== 0 && size < buffer.length; size += read)
      read = readSync(descriptor, buffer, size, buffer.length - size, null)
    descriptorText = decoder.decode(buffer.subarray(0, size)).replace(/\r?\n$/, '')
    return descriptorText
  } catch {
    throw new VaultError('VAULT_KEY_PROTECTED', `MCPLEXER_AGE_PASSPHRASE_FD=${descriptor} cannot be read`, {
      hint: 'open it for this program: mcplexer … 3< <(command that prints the passphrase)',
    })
  } finally {
    buffer.fill(0)
  }
}

function locked(keyFile: string): VaultError {
  return new VaultError('VAULT_KEY_PROTECTED', `the key file ${keyFile} is protected by a passphrase`, {
    hint: 'mcplexer unlock, or MCPLEXER_AGE_PASSPHRASE_FD with a descriptor to read it from',
  })
}
