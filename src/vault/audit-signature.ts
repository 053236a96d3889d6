import { createPrivateKey, createPublicKey, sign } from 'node:crypto'
import { findVaultState } from '../store/index.ts'
import { signatureSeedOf } from './cipher.ts'
import type { VaultContext } from './context.ts'
import { missingFile } from './key/change-key-file.ts'
import { VaultError } from './vault-error.ts'

/** RFC 8410: an Ed25519 private key as PKCS #8, and where the public key begins in its SubjectPublicKeyInfo. */
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex')
const SPKI_HEAD_BYTES = 12

export interface AuditSigner {
  readonly publicKey: Uint8Array
  /** Ed25519, RFC 8032. */
  sign(text: Uint8Array): Uint8Array
}

/** With a key of the vault's identity; after a rotation it is another one. Throws VAULT_EMPTY without a vault. */
export async function auditSigner(context: VaultContext): Promise<AuditSigner> {
  const database = await context.existing()
  const state = await database?.read((transaction) => findVaultState(transaction))
  if (!state)
    throw new VaultError('VAULT_EMPTY', 'there is no vault yet, and no key to sign with', {
      hint: 'mcplexer init',
    })
  const file = await context.keyFile()
  if (file === null) throw missingFile(context)
  const seed = file.derived(state.recipient, signatureSeedOf)
  file.wipe()
  const der = Buffer.concat([PKCS8_HEAD, seed])
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  for (const bytes of [seed, der]) bytes.fill(0)
  const publicKey = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(SPKI_HEAD_BYTES)
  return { publicKey, sign: (text) => sign(null, text, key) }
}
