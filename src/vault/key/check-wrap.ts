import { VaultError } from '../vault-error.ts'

/** Throws VAULT_SEAL_FAILED unless what was sealed has opened again to the same identities. Wipes `opened`. */
export function checkWrap(inner: Uint8Array, opened: Uint8Array): void {
  const isSame = Buffer.compare(opened, inner) === 0
  opened.fill(0)
  if (!isSame)
    throw new VaultError('VAULT_SEAL_FAILED', 'the identities did not survive wrapping; nothing was changed')
}
