import { isMcplexerError, type Secret } from '../base/index.ts'
import {
  deleteScopeRow,
  findScope,
  type SealedScopeRow,
  saveScope,
  type VaultTransaction,
} from '../store/index.ts'
import { seal } from './cipher.ts'
import { encodeEnvelope } from './envelope.ts'
import { type KeyEntry, keyEntries, openRow, withMac } from './sealed-row.ts'
import { saveState, type TrustedState } from './trusted-state.ts'

/** What a scope holds, open. */
interface Content {
  readonly entries: Map<string, KeyEntry>
  readonly values: Map<string, Secret>
  readonly droppedKeys: readonly string[]
}

/** What is in the scope now. Nothing of a tampered one is carried over: whoever changed it may have chosen it. */
export async function contentOf(
  transaction: VaultTransaction,
  state: TrustedState,
  scopeId: string,
): Promise<Content> {
  const row = await findScope(transaction, scopeId)
  if (row === null) return { entries: new Map(), values: new Map(), droppedKeys: [] }
  try {
    return await openContent(state, row)
  } catch (error) {
    if (!isMcplexerError(error, 'VAULT_SCOPE_TAMPERED')) throw error
    // a list that was begun anew does not show that the key file is the right one; with a wrong one no row may be lost
    if (!state.manifest.generations.has(scopeId)) state.file.identityFor(row.recipient)
    return { entries: new Map(), values: new Map(), droppedKeys: claimedEntries(row).map(([name]) => name) }
  }
}

/** What a row holds, to be changed by the caller, who wipes the values. Throws VAULT_SCOPE_TAMPERED. */
export async function openContent(state: TrustedState, row: SealedScopeRow): Promise<Content> {
  const { keys } = await openRow(state.file, state.manifest, row)
  const entries = new Map(keyEntries(row).map((entry) => [entry[0], entry]))
  return { entries, values: new Map(keys), droppedKeys: [] }
}

/** What a row says of itself, be it true or not; nothing when it cannot be read. */
export function claimedEntries(row: { keys: string; scope_id: string }): KeyEntry[] {
  try {
    return keyEntries(row)
  } catch {
    return []
  }
}

/** Seals it as the next generation, and enters that in the list of scopes. */
export async function saveContent(
  transaction: VaultTransaction,
  state: TrustedState,
  scopeId: string,
  { entries, values }: Content,
): Promise<void> {
  const generation = state.manifest.counter + 1
  const names = [...entries.keys()]
  const plaintext = encodeEnvelope({
    scopeId,
    generation,
    keys: new Map(names.map((name) => [name, valueUnder(values, name)])),
  })
  const blob = await seal(state.recipient, plaintext)
  plaintext.fill(0)
  const keys = JSON.stringify([...entries.values()])
  await saveScope(
    transaction,
    withMac(state.file, { scope_id: scopeId, generation, recipient: state.recipient, keys, blob }),
  )
  const generations = new Map(state.manifest.generations).set(scopeId, generation)
  await saveState(transaction, { ...state, manifest: { ...state.manifest, counter: generation, generations } })
}

/** The row, and what the list says of it. False when there was no row. */
export async function removeScope(
  transaction: VaultTransaction,
  state: TrustedState,
  scopeId: string,
): Promise<boolean> {
  const isDeleted = await deleteScopeRow(transaction, scopeId)
  const generations = new Map(state.manifest.generations)
  generations.delete(scopeId)
  await saveState(transaction, { ...state, manifest: { ...state.manifest, generations } })
  return isDeleted
}

function valueUnder(values: ReadonlyMap<string, Secret>, name: string): Secret {
  const value = values.get(name)
  if (value === undefined) throw new TypeError('a key without a value')
  return value
}

export function wipeAll(keys: ReadonlyMap<string, Secret>): void {
  for (const value of keys.values()) value.wipe()
}
