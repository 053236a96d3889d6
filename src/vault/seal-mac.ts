import { timingSafeEqual } from 'node:crypto'
import type { SealedScopeRow, VaultStateRow } from '../store/index.ts'

/**
 * HMAC-SHA256 (RFC 2104) over every field with its length before it, so that no two rows have the same input.
 * age says nothing of who sealed a file or for which scope; this does.
 */
export function scopeMac(key: Uint8Array, row: Omit<SealedScopeRow, 'mac'>): Uint8Array {
  const { scope_id, generation, recipient, mac_key, keys, blob } = row
  return macOf(key, ['scope', scope_id, String(generation), recipient, mac_key, keys, blob])
}

/** Of every other field of the vault's state. */
export function stateMac(key: Uint8Array, state: Omit<VaultStateRow, 'id' | 'manifest_mac'>): Uint8Array {
  const { vault_id, recipient, mac_key, manifest } = state
  return macOf(key, ['state', vault_id, recipient, mac_key, manifest])
}

export function isSameMac(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}

function macOf(key: Uint8Array, fields: readonly (string | Uint8Array)[]): Uint8Array {
  const hasher = new Bun.CryptoHasher('sha256', key)
  for (const field of fields) {
    const bytes = typeof field === 'string' ? new TextEncoder().encode(field) : field
    hasher.update(`${bytes.length}:`)
    hasher.update(bytes)
  }
  return new Uint8Array(hasher.digest())
}
