import {
  findScope,
  findVaultState,
  listScopeIds,
  listScopes,
  saveVaultState,
  type VaultStateRow,
  type VaultTransaction,
} from '../store/index.ts'
import type { VaultContext } from './context.ts'
import { keyFileOf, missingFile } from './key/change-key-file.ts'
import type { IdentityFile } from './key/identity-file.ts'
import { decodeManifest, encodeManifest, type Manifest, newManifest } from './manifest.ts'
import { isSameMac, stateMac } from './seal-mac.ts'
import { isAuthentic } from './sealed-row.ts'
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

/**
 * The list of scopes; null when it was not written with an identity of this key file, or has gone from beside its
 * scopes: then no scope is used. Throws VAULT_IDENTITY_MISSING when the key file is another one, and no row shows that
 * it is the right one.
 */
export async function readManifest(
  transaction: VaultTransaction,
  file: IdentityFile,
): Promise<Manifest | null> {
  const state = await findVaultState(transaction)
  const hasRows = (await listScopeIds(transaction)).length > 0
  if (state === null) return hasRows ? null : newManifest()
  if (!file.has(state.mac_key) && !hasRows && listsNothing(state)) return newManifest()
  if (!file.has(state.mac_key) && (await hasSealedRow(transaction, file))) return null
  const isAuthentic = isSameMac(stateMac(file.macKey(state.mac_key), state), state.manifest_mac)
  return isAuthentic ? decodeManifest(state.manifest) : null
}

/**
 * The state to write with. On first use it makes the key file, but never when something is sealed already: then a
 * missing file is VAULT_IDENTITY_MISSING. A list that was tampered with is VAULT_LIST_TAMPERED; or, to `mend` it, is
 * begun anew, and whatever is not put again stays refused.
 */
export async function stateForWriting(
  transaction: VaultTransaction,
  context: VaultContext,
  { mend } = { mend: false },
): Promise<TrustedState> {
  const found = await findVaultState(transaction)
  const believed = await manifestFound(transaction, context, found)
  if (believed === null && !mend) throw listTampered(context)
  // a list without scopes may be signed by nobody here; then nothing else of what was found is believed
  const state = believed !== null && found !== null && (await isSignedHere(context, found)) ? found : null
  const vaultId = state?.vault_id ?? crypto.randomUUID()
  const file = await keyFileOf(context, vaultId)
  const recipient = state !== null && file.has(state.recipient) ? state.recipient : firstRecipient(file)
  return { vaultId, recipient, manifest: believed ?? newManifest(), file }
}

export async function saveState(transaction: VaultTransaction, state: TrustedState): Promise<void> {
  const { vaultId, recipient, file } = state
  const manifest = encodeManifest(state.manifest)
  const row = { vault_id: vaultId, recipient, mac_key: recipient, manifest }
  const manifest_mac = stateMac(file.macKey(recipient), row)
  await saveVaultState(transaction, { id: 1, ...row, manifest_mac })
}

export function listTampered({ paths }: VaultContext): VaultError {
  return new VaultError(
    'VAULT_LIST_TAMPERED',
    `the list of auth scopes in ${paths.vault} was changed outside of mcplexer; nothing in it is used`,
    {
      hint: 'put a backup of the database in its place, or put each key again with `mcplexer secret put SCOPE KEY`',
    },
  )
}

/** Whether this key file has sealed any of the scopes, whatever their list says. */
async function hasSealedRow(transaction: VaultTransaction, file: IdentityFile): Promise<boolean> {
  for (const { scope_id, mac_key } of await listScopes(transaction)) {
    const row = file.has(mac_key) ? await findScope(transaction, scope_id) : null
    if (row !== null && isAuthentic(file, row)) return true
  }
  return false
}

async function isSignedHere(context: VaultContext, { mac_key }: VaultStateRow): Promise<boolean> {
  const file = await context.keyFile()
  const isSigned = file?.has(mac_key) === true
  file?.wipe()
  return isSigned
}

async function manifestFound(
  transaction: VaultTransaction,
  context: VaultContext,
  found: VaultStateRow | null,
): Promise<Manifest | null> {
  const file = await context.keyFile()
  if (file !== null) {
    try {
      return await readManifest(transaction, file)
    } finally {
      file.wipe()
    }
  }
  const hasRows = (await listScopeIds(transaction)).length > 0
  if (hasRows || (found !== null && !listsNothing(found))) throw missingFile(context)
  return newManifest()
}

/** Of a list that cannot be verified; one that cannot be read might list anything. */
function listsNothing(state: VaultStateRow): boolean {
  try {
    return decodeManifest(state.manifest).generations.size === 0
  } catch {
    return false
  }
}

function firstRecipient(file: IdentityFile): string {
  const first = file.identities[0]
  if (first === undefined) throw new TypeError('a key file without an identity')
  return first.recipient
}
