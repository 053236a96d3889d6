import { hkdfSync } from 'node:crypto'
import { bech32 } from '@scure/base'
import { isMcplexerError } from '../base/index.ts'
import { VaultError } from './vault-error.ts'

const age = () => import('age-encryption')

const MAC_INFO = 'mcplexer/v1/scope-mac'
const SIGNATURE_INFO = 'mcplexer/v1/audit-signature'
const DERIVED_BYTES = 32

/*
 * The only door to age (age-encryption.org/v1). The library's errors can carry the whole private key, so none of
 * them gets out, nor as a cause. It is loaded at its first use (10 ms): listing needs none of it.
 */

/** An age file for one recipient, X25519 (`age1…`) or hybrid (`age1pq1…`). */
export async function seal(recipient: string, plaintext: Uint8Array): Promise<Uint8Array> {
  return guarded('VAULT_SEAL_FAILED', 'sealing failed', async () => {
    const { Encrypter } = await age()
    const encrypter = new Encrypter()
    encrypter.addRecipient(recipient)
    return encrypter.encrypt(plaintext)
  })
}

/** Opens an age file. Throws VAULT_OPEN_FAILED when no identity fits or the file was changed. */
export type Opener = (sealed: Uint8Array) => Promise<Uint8Array>

/**
 * Made once for many files, it spares a third of each opening; it keeps the identities for as long as it is kept. It
 * throws VAULT_IDENTITY_INVALID when it is used.
 */
export function openerOf(identities: readonly string[]): Opener {
  const decrypter = guarded('VAULT_IDENTITY_INVALID', 'not a valid age identity', async () => {
    const { Decrypter } = await age()
    const made = new Decrypter()
    for (const identity of identities) made.addIdentity(identity)
    return made
  })
  return (sealed) =>
    guarded('VAULT_OPEN_FAILED', 'opening failed: wrong identity or damaged data', async () =>
      (await decrypter).decrypt(sealed),
    )
}

/**
 * 2^15: about a tenth of a second, tried by hand at the cost of a passphrase that somebody has to guess. age itself
 * refuses files above 2^22.
 */
const WORK_FACTOR = 15

/** What `age -p` makes, with a fixed work factor (age-encryption.org/v1, "The scrypt recipient type"). */
export async function sealWithPassphrase(passphrase: string, plaintext: Uint8Array): Promise<Uint8Array> {
  return guarded('VAULT_SEAL_FAILED', 'sealing failed', async () => {
    const { Encrypter } = await age()
    const encrypter = new Encrypter()
    encrypter.setScryptWorkFactor(WORK_FACTOR)
    encrypter.setPassphrase(passphrase)
    return encrypter.encrypt(plaintext)
  })
}

/** Armored or not. Throws VAULT_PASSPHRASE_WRONG; the caller knows of what file, and says so. */
export async function openWithPassphrase(passphrase: string, sealed: Uint8Array): Promise<Uint8Array> {
  return guarded('VAULT_PASSPHRASE_WRONG', 'the passphrase does not fit', async () => {
    const { Decrypter } = await age()
    const decrypter = new Decrypter()
    decrypter.addPassphrase(passphrase)
    return decrypter.decrypt(await unarmored(sealed))
  })
}

/** The bytes of an age file, armored or not. Throws VAULT_OPEN_FAILED. */
export async function unarmored(sealed: Uint8Array): Promise<Uint8Array> {
  const isArmored = sealed[0] === 0x2d
  if (!isArmored) return sealed
  return guarded('VAULT_OPEN_FAILED', 'the armor of an age file is damaged', async () =>
    (await age()).armor.decode(new TextDecoder().decode(sealed)),
  )
}

/** A part of an age file's header (age-encryption.org/v1, "Recipient stanza"). */
interface Stanza {
  args: string[]
  body: Uint8Array
}

/** An age file whose key somebody else wraps, such as a plugin. What that one throws of ours gets out. */
export async function sealThrough(
  wrapFileKey: (fileKey: Uint8Array) => Promise<Stanza[]>,
  plaintext: Uint8Array,
): Promise<Uint8Array> {
  return guarded('VAULT_SEAL_FAILED', 'sealing failed', async () => {
    const { Encrypter } = await age()
    const encrypter = new Encrypter()
    encrypter.addRecipient({ wrapFileKey })
    return encrypter.encrypt(plaintext)
  })
}

/** The same the other way; a file key that is null or another one is VAULT_OPEN_FAILED. */
export async function openThrough(
  unwrapFileKey: (stanzas: Stanza[]) => Promise<Uint8Array | null>,
  sealed: Uint8Array,
): Promise<Uint8Array> {
  return guarded('VAULT_OPEN_FAILED', 'opening failed: wrong identity or damaged data', async () => {
    const { Decrypter } = await age()
    const decrypter = new Decrypter()
    decrypter.addIdentity({ unwrapFileKey })
    return decrypter.decrypt(sealed)
  })
}

/** The public half. Throws VAULT_IDENTITY_INVALID. */
export async function recipientOf(identity: string): Promise<string> {
  return guarded('VAULT_IDENTITY_INVALID', 'not a valid age identity', async () =>
    (await age()).identityToRecipient(identity),
  )
}

export async function generateIdentity(options: { isPostQuantum: boolean }): Promise<string> {
  const { generateHybridIdentity, generateX25519Identity } = await age()
  return options.isPostQuantum ? generateHybridIdentity() : generateX25519Identity()
}

/** HKDF-SHA256 (RFC 5869) over the identity's raw secret; age itself says nothing of where a file comes from. */
export function macKeyOf(identity: string): Uint8Array {
  return derivedFrom(identity, MAC_INFO)
}

/** The same, for the seed of an Ed25519 key. */
export function signatureSeedOf(identity: string): Uint8Array {
  return derivedFrom(identity, SIGNATURE_INFO)
}

function derivedFrom(identity: string, info: string): Uint8Array {
  let words: readonly number[]
  try {
    words = bech32.decode(identity as `${string}1${string}`, false).words
  } catch {
    throw new VaultError('VAULT_IDENTITY_INVALID', 'not a valid age identity')
  }
  const secret = bech32.fromWords([...words])
  const key = new Uint8Array(hkdfSync('sha256', secret, new Uint8Array(0), info, DERIVED_BYTES))
  secret.fill(0)
  return key
}

async function guarded<T>(
  code: 'VAULT_SEAL_FAILED' | 'VAULT_OPEN_FAILED' | 'VAULT_IDENTITY_INVALID' | 'VAULT_PASSPHRASE_WRONG',
  message: string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (isMcplexerError(error)) throw error
    throw new VaultError(code, message)
  }
}
