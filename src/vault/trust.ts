import {
  findVaultState,
  listScopeIds,
  type SealedScopeRow,
  saveVaultState,
  type VaultStateRow,
  type VaultTransaction,
} from '../store/index.ts'
import type { VaultContext } from './context.ts'
import { decodeEnvelope, type Envelope } from './envelope.ts'
import { IdentityFile } from './identity-file.ts'
import { decodeManifest, EMPTY_MANIFEST, encodeManifest, type Manifest } from './manifest.ts'
import { isSameMac, manifestMac, scopeMac } from './seal-mac.ts'
import { VaultError } from './vault-error.ts'

/** What of the database may be believed: everything in it can have been written by somebody else. */
export interface TrustedState {
  readonly vaultId: string
  /** New seals are made for it; its identity is in the key file. */
  readonly recipient: string
  readonly manifest: Manifest
  /** The caller wipes it. */
  readonly file: IdentityFile
}

/** One key of a row, as it stands in its `keys` column. */
export type KeyEntry = [name: string, createdAtMs: number, updatedAtMs: number]

/**
 * The state to write with. On first use it makes the key file, but never when something is sealed already: then a
 * missing file is VAULT_IDENTITY_MISSING.
 */
export async function stateForWriting(
  transaction: VaultTransaction,
  context: VaultContext,
): Promise<TrustedState> {
  const state = await findVaultState(transaction)
  const isEmpty = (await listScopeIds(transaction)).length === 0
  const vaultId = state?.vault_id ?? crypto.randomUUID()
  const file = await readOrCreate(context, vaultId, isEmpty)
  const isUsable = state !== null && (!isEmpty || file.has(state.recipient))
  const recipient = isUsable ? file.identityFor(state.recipient).recipient : firstRecipient(file)
  return { vaultId, recipient, manifest: readManifest(file, state), file }
}

/** The list of scopes, or an empty one when it is not authentic: then every scope is refused by name. */
export function readManifest(file: IdentityFile, state: VaultStateRow | null): Manifest {
  if (state === null || !file.has(state.mac_key)) return EMPTY_MANIFEST
  const key = file.macKey(state.mac_key)
  const isAuthentic = isSameMac(manifestMac(key, state.vault_id, state.manifest), state.manifest_mac)
  key.fill(0)
  return isAuthentic ? decodeManifest(state.manifest) : EMPTY_MANIFEST
}

export async function saveState(transaction: VaultTransaction, state: TrustedState): Promise<void> {
  const { vaultId, recipient, file } = state
  const manifest = encodeManifest(state.manifest)
  const key = file.macKey(recipient)
  const manifest_mac = manifestMac(key, vaultId, manifest)
  key.fill(0)
  await saveVaultState(transaction, {
    id: 1,
    vault_id: vaultId,
    recipient,
    mac_key: recipient,
    manifest,
    manifest_mac,
  })
}

/**
 * Opens a row after checking that it is ours, whole, of this scope and of the generation that the manifest names.
 * Throws VAULT_SCOPE_TAMPERED, or VAULT_IDENTITY_MISSING when the key file is not the one that sealed it.
 */
export async function openRow(file: IdentityFile, manifest: Manifest, row: SealedScopeRow): Promise<Envelope> {
  file.identityFor(row.recipient)
  checkMac(file, row)
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
  const key = file.macKey(row.recipient)
  const named = { ...row, mac_key: row.recipient }
  const mac = scopeMac(key, named)
  key.fill(0)
  return { ...named, mac }
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
  return new VaultError(
    'VAULT_SCOPE_TAMPERED',
    `auth scope ${scopeId} was changed outside of mcplexer; it is not used`,
    {
      hint: `put its keys again with \`mcplexer secret put ${scopeId} KEY\`, or \`mcplexer scope delete ${scopeId}\``,
    },
  )
}

async function readOrCreate(context: VaultContext, vaultId: string, isEmpty: boolean): Promise<IdentityFile> {
  const { keyFile } = context.paths
  const file = await IdentityFile.read(keyFile)
  if (file !== null) return file
  if (isEmpty) return IdentityFile.create(keyFile, vaultId, new Date(context.clock.nowMs()))
  throw missingFile(context)
}

export function missingFile({ paths }: VaultContext): VaultError {
  return new VaultError(
    'VAULT_IDENTITY_MISSING',
    `the key file ${paths.keyFile} is missing, and ${paths.vault} is sealed with it`,
    {
      hint: 'put it back from a backup, or set MCPLEXER_AGE_KEY to where it is; a new key could not open what is sealed',
    },
  )
}

function firstRecipient(file: IdentityFile): string {
  const first = file.identities[0]
  if (first === undefined)
    throw new VaultError('VAULT_KEY_FILE_INVALID', `the key file ${file.path} holds no identity`)
  return first.recipient
}

function checkMac(file: IdentityFile, row: SealedScopeRow): void {
  if (!file.has(row.mac_key)) throw tampered(row.scope_id)
  const key = file.macKey(row.mac_key)
  const isAuthentic = isSameMac(scopeMac(key, row), row.mac)
  key.fill(0)
  if (!isAuthentic) throw tampered(row.scope_id)
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
