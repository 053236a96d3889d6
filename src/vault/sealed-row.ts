import { ID } from '../base/index.ts'
import type { SealedScopeRow } from '../store/index.ts'
import { decodeEnvelope, type Envelope } from './envelope.ts'
import type { IdentityFile } from './key/identity-file.ts'
import type { Manifest } from './manifest.ts'
import { isSameMac, scopeMac } from './seal-mac.ts'
import { VaultError } from './vault-error.ts'

/** One key of a row, as it stands in its `keys` column. */
export type KeyEntry = [name: string, createdAtMs: number, updatedAtMs: number]

/**
 * Opens a row after checking that it is ours, whole, of this scope and of the generation that the manifest names.
 * Throws VAULT_SCOPE_TAMPERED, also for an identity that the key file does not hold: the list of scopes is sealed by
 * the identity of all its rows, so whoever could read that list, and lacks the identity of a row, has a forged row.
 */
export async function openRow(file: IdentityFile, manifest: Manifest, row: SealedScopeRow): Promise<Envelope> {
  if (!isAuthentic(file, row)) throw tampered(row.scope_id)
  if (manifest.generations.get(row.scope_id) !== row.generation) throw tampered(row.scope_id)
  const plaintext = await file.open(row.recipient, row.blob).catch(() => {
    throw tampered(row.scope_id)
  })
  try {
    return checkEnvelope(decodeEnvelope(plaintext), row)
  } catch {
    throw tampered(row.scope_id)
  } finally {
    plaintext.fill(0)
  }
}

/** The row under a MAC by the identity of its recipient. */
export function withMac(file: IdentityFile, row: Omit<SealedScopeRow, 'mac' | 'mac_key'>): SealedScopeRow {
  const named = { ...row, mac_key: row.recipient }
  return { ...named, mac: scopeMac(file.macKey(row.recipient), named) }
}

/** Whether an identity of this key file has sealed this row, as it stands. */
export function isAuthentic(file: IdentityFile, row: SealedScopeRow): boolean {
  if (!file.has(row.mac_key) || !file.has(row.recipient)) return false
  return isSameMac(scopeMac(file.macKey(row.mac_key), row), row.mac)
}

export function keyEntries(row: Pick<SealedScopeRow, 'keys' | 'scope_id'>): KeyEntry[] {
  try {
    const entries: [unknown, unknown, unknown][] = JSON.parse(row.keys)
    return entries.map(([name, createdAtMs, updatedAtMs]) => [
      String(name),
      Number(createdAtMs),
      Number(updatedAtMs),
    ])
  } catch {
    throw tampered(row.scope_id)
  }
}

export function tampered(scopeId: string): VaultError {
  // a forged id must not become part of a command that somebody pastes
  const shown = ID.test(scopeId) ? scopeId : 'SCOPE'
  return new VaultError(
    'VAULT_SCOPE_TAMPERED',
    `auth scope ${JSON.stringify(scopeId).slice(1, -1)} was changed outside of mcplexer; it is not used`,
    {
      hint: `put its keys again with \`mcplexer secret put ${shown} KEY\`, or \`mcplexer scope delete ${shown}\``,
    },
  )
}

function checkEnvelope(envelope: Envelope, row: SealedScopeRow): Envelope {
  const names = keyEntries(row).map(([name]) => name)
  const isSame =
    envelope.scopeId === row.scope_id &&
    envelope.generation === row.generation &&
    names.join(' ') === [...envelope.keys.keys()].join(' ')
  if (!isSame) throw tampered(row.scope_id)
  return envelope
}
