import { opened, sealedBy } from './cipher.ts'
import type { KeyAccess } from './key-access.ts'
import { readPrivateFile } from './key-file-safety.ts'

const BINARY = 'age-encryption.org/v1'
const ARMORED = '-----BEGIN AGE ENCRYPTED FILE-----'

/** Whether these bytes of a key file are an age file around the identities, as `age -p` makes it. */
export function isWrapped(bytes: Uint8Array): boolean {
  const head = new TextDecoder().decode(bytes.subarray(0, ARMORED.length))
  return head.startsWith(BINARY) || head.startsWith(ARMORED)
}

/** The same of a key file; false when there is none. Throws VAULT_KEY_FILE_UNSAFE. */
export function isKeyWrapped(path: string): boolean {
  const bytes = readPrivateFile(path)
  const isInWrap = bytes !== null && isWrapped(bytes)
  bytes?.fill(0)
  return isInWrap
}

/**
 * The identities of a wrapped key file, as text. The access remembers what it opened, by the digest of the wrapped
 * bytes: scrypt takes a good part of a second. The caller wipes its copy. Throws VAULT_KEY_PROTECTED or
 * VAULT_PASSPHRASE_WRONG.
 */
export async function unwrapped(path: string, bytes: Uint8Array, access: KeyAccess): Promise<Uint8Array> {
  const digest = new Bun.CryptoHasher('sha256').update(bytes).digest('hex')
  const known = access.recall(digest)
  if (known !== null) return known
  const inner = await access.withPassphrase(path, (passphrase) => opened(bytes, passphrase))
  access.remember(digest, inner)
  return inner
}

/** The identities wrapped again, by the passphrase that has opened them and by no other that was offered. */
export async function wrapped(inner: Uint8Array, access: KeyAccess): Promise<Uint8Array> {
  if (access.passphrase === null) throw new TypeError('a key file is written that was never opened')
  const bytes = await sealedBy(access.passphrase, inner)
  access.remember(new Bun.CryptoHasher('sha256').update(bytes).digest('hex'), inner)
  return bytes
}
