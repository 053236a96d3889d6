import { Secret } from '../base/index.ts'
import { VaultError } from './vault-error.ts'

/**
 * What is inside of a scope's age file. Readable after `age -d`, and read without making a string of a value:
 *
 *     mcplexer-scope/1\n
 *     github-token 7\n            scope id, generation
 *     2\n                         number of keys
 *     GITHUB_TOKEN 40\n           name, length of the value in bytes
 *     <40 bytes>\n
 *     …
 */
export interface Envelope {
  readonly scopeId: string
  readonly generation: number
  readonly keys: ReadonlyMap<string, Secret>
}

const MAGIC = 'mcplexer-scope/1'
const NEWLINE = 0x0a
const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** The caller wipes what it gets. */
export function encodeEnvelope({ scopeId, generation, keys }: Envelope): Uint8Array {
  const parts: Uint8Array[] = [encoder.encode(`${MAGIC}\n${scopeId} ${generation}\n${keys.size}\n`)]
  for (const [name, value] of keys) {
    parts.push(encoder.encode(`${name} ${value.byteLength}\n`), value.reveal(), encoder.encode('\n'))
  }
  return Buffer.concat(parts)
}

/** Copies the values out; the caller wipes `bytes`. Throws VAULT_ENVELOPE_INVALID. */
export function decodeEnvelope(bytes: Uint8Array): Envelope {
  const reader = new EnvelopeReader(bytes)
  if (reader.line() !== MAGIC) throw invalid()
  const [scopeId, generation] = reader.pair()
  const count = wholeNumber(reader.line())
  const keys = new Map<string, Secret>()
  for (let index = 0; index < count; index++) {
    const [name, length] = reader.pair()
    if (keys.has(name)) throw invalid()
    keys.set(name, new Secret(reader.value(length)))
  }
  if (!reader.isAtEnd()) throw invalid()
  return { scopeId, generation, keys }
}

class EnvelopeReader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  line(): string {
    const end = this.#bytes.indexOf(NEWLINE, this.#at)
    if (end === -1 || end - this.#at > 500) throw invalid()
    const text = decoder.decode(this.#bytes.subarray(this.#at, end))
    this.#at = end + 1
    return text
  }

  pair(): [name: string, value: number] {
    const [name, value, ...rest] = this.line().split(' ')
    if (!name || value === undefined || rest.length > 0) throw invalid()
    return [name, wholeNumber(value)]
  }

  value(length: number): Uint8Array {
    const end = this.#at + length
    if (this.#bytes[end] !== NEWLINE) throw invalid()
    const value = this.#bytes.slice(this.#at, end)
    this.#at = end + 1
    return value
  }

  isAtEnd(): boolean {
    return this.#at === this.#bytes.length
  }
}

export function wholeNumber(text: string): number {
  const number = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
  if (!Number.isSafeInteger(number)) throw invalid()
  return number
}

function invalid(): VaultError {
  return new VaultError('VAULT_ENVELOPE_INVALID', 'the sealed content is not what mcplexer writes')
}
