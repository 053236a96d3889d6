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
  #given: string | null = null

  /** `ask`: a person at a terminal. */
  constructor(ask: ((question: string) => Promise<Secret>) | null = null) {
    this.#ask = ask
  }

  /** From now on tried first. */
  give(passphrase: string): void {
    this.#given = passphrase
  }

  /** The one that has opened the key file; null: none has. */
  get passphrase(): string | null {
    return this.#given
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
    this.#given = null
  }

  /** Tries every way there is. Throws VAULT_KEY_PROTECTED when there is none, VAULT_PASSPHRASE_WRONG when none fits. */
  async withPassphrase<T>(keyFile: string, use: (passphrase: string) => Promise<T>): Promise<T> {
    let wrong: unknown = null
    for await (const passphrase of this.#passphrases(keyFile)) {
      try {
        const result = await use(passphrase)
        this.#given = passphrase
        return result
      } catch (error) {
        if (!isMcplexerError(error, 'VAULT_PASSPHRASE_WRONG')) throw error
        wrong = error
      }
    }
    throw wrong ?? locked(keyFile)
  }

  async *#passphrases(keyFile: string): AsyncGenerator<string> {
    if (this.#given !== null) yield this.#given
    const fromDescriptor = descriptorPassphrase()
    if (fromDescriptor !== null) yield fromDescriptor
    for (const protection of readProtections(keyFile)) {
      if (protection.with === 'keychain') yield await keychainPassphrase(protection.name)
      if (protection.with === 'command') yield await outputOf(protection.command)
    }
    if (this.#ask === null) return
    const answer = await this.#ask(`Passphrase of ${keyFile}`)
    yield decoder.decode(answer.reveal())
    answer.wipe()
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
