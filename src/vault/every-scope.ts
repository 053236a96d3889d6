import {
  listScopes,
  resealScope,
  type SealedScopeRow,
  scopesAfter,
  type VaultTransaction,
} from '../store/index.ts'
import { seal } from './cipher.ts'
import { encodeEnvelope } from './envelope.ts'
import type { IdentityFile } from './key/identity-file.ts'
import type { Manifest } from './manifest.ts'
import { keyEntries, openRow, tampered, withMac } from './sealed-row.ts'
import { VaultError } from './vault-error.ts'

const AT_A_TIME = 16

export interface Progress {
  onProgress?(done: number, total: number): void
}

/** What there is in the vault. */
export interface Summary {
  readonly scopes: number
  readonly keys: readonly { scope: string; name: string; updatedAtMs: number }[]
}

/** Opens every scope; gives the recipients in use. Throws as soon as one does not open. */
export function verifyAll(
  transaction: VaultTransaction,
  file: IdentityFile,
  manifest: Manifest,
  progress: Progress,
): Promise<Set<string>> {
  return eachRow(transaction, manifest, progress, async (row) => {
    const { keys } = await openRow(file, manifest, row)
    for (const value of keys.values()) value.wipe()
  })
}

/** Seals every scope for `recipient`; gives the recipients that it was sealed for before. */
export function resealAll(
  transaction: VaultTransaction,
  file: IdentityFile,
  manifest: Manifest,
  recipient: string,
  progress: Progress,
): Promise<Set<string>> {
  return eachRow(transaction, manifest, progress, async (row) => {
    const envelope = await openRow(file, manifest, row)
    const plaintext = encodeEnvelope(envelope)
    const blob = await seal(recipient, plaintext)
    const reopened = await file.open(recipient, blob)
    const isSame = Buffer.compare(plaintext, reopened) === 0
    for (const bytes of [plaintext, reopened]) bytes.fill(0)
    for (const value of envelope.keys.values()) value.wipe()
    if (!isSame)
      throw new VaultError('VAULT_SEAL_FAILED', `auth scope ${row.scope_id} did not survive re-sealing`)
    const sealed = withMac(file, { ...row, recipient, blob })
    await resealScope(transaction, pickSeal(sealed))
  })
}

function pickSeal({ scope_id, recipient, mac_key, blob, mac }: SealedScopeRow) {
  return { scope_id, recipient, mac_key, blob, mac }
}

/**
 * Some rows at a time, so that memory does not grow with the vault; gives the recipients that they name. Throws
 * VAULT_SCOPE_TAMPERED for a scope of the list that has no row.
 */
async function eachRow(
  transaction: VaultTransaction,
  manifest: Manifest,
  progress: Progress,
  work: (row: SealedScopeRow) => Promise<void>,
): Promise<Set<string>> {
  const used = new Set<string>()
  const missing = new Set(manifest.generations.keys())
  for (let done = 0, last = ''; ; ) {
    const rows = await scopesAfter(transaction, last, AT_A_TIME)
    if (rows.length === 0) break
    await Promise.all(rows.map(work))
    for (const { scope_id, recipient, mac_key } of rows) {
      used.add(recipient).add(mac_key)
      missing.delete(scope_id)
    }
    last = rows.at(-1)?.scope_id ?? last
    done += rows.length
    progress.onProgress?.(done, manifest.generations.size)
  }
  for (const lost of missing) throw tampered(lost)
  return used
}

/** By their age: the key that was put first is the first. */
export async function summaryOf(transaction: VaultTransaction): Promise<Summary> {
  const rows = await listScopes(transaction)
  const keys = rows.flatMap((row) =>
    keyEntries(row).map(([name, , updatedAtMs]) => ({ scope: row.scope_id, name, updatedAtMs })),
  )
  return { scopes: rows.length, keys: keys.sort((a, b) => a.updatedAtMs - b.updatedAtMs) }
}
