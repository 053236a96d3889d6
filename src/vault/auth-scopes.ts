import { isGuardable, type Secret } from '../base/index.ts'
import { findScope, findVaultState, listScopeIds, listScopes } from '../store/index.ts'
import type { VaultContext } from './context.ts'
import { missingFile } from './key/change-key-file.ts'
import { refuseLocked } from './locks.ts'
import { claimedEntries, contentOf, openContent, removeScope, saveContent, wipeAll } from './scope-content.ts'
import { openRow, tampered } from './sealed-row.ts'
import { checkNames, checkValue } from './secret-names.ts'
import { readManifest, stateForWriting, type TrustedState } from './trusted-state.ts'

export interface OpenedScope {
  readonly id: string
  /** Changes whenever the content does, and never by a rotation. */
  readonly generation: number
  readonly keys: ReadonlyMap<string, Secret>
  wipe(): void
}

export interface PutOutcome {
  readonly isNewKey: boolean
  /** Whether it can be told from ordinary text, and so be kept out of what servers say. */
  readonly isGuardable: boolean
  /** Keys of a tampered scope, which could not be carried over. */
  readonly droppedKeys: readonly string[]
}

export interface ScopeSummary {
  readonly id: string
  readonly generation: number
  readonly recipient: string
  readonly keys: readonly { name: string; createdAtMs: number; updatedAtMs: number }[]
}

/**
 * Null when nothing is sealed under this id. Throws VAULT_LOCKED, VAULT_SCOPE_TAMPERED, VAULT_IDENTITY_MISSING and
 * VAULT_KEY_FILE_…
 */
export async function openScope(context: VaultContext, scopeId: string): Promise<OpenedScope | null> {
  const database = await context.existing()
  if (database === null) return null
  // row and key file are read under one lock, so that no rotation can commit between the two
  const found = await database.read(async (transaction) => {
    await refuseLocked(transaction, scopeId)
    const state = await findVaultState(transaction)
    const row = await findScope(transaction, scopeId)
    if (row === null && state === null) return null
    const file = await context.keyFile()
    if (file === null && (await listScopeIds(transaction)).length === 0) return null
    if (file === null) throw missingFile(context)
    return { row, file, manifest: await readManifest(transaction, file) }
  })
  if (found === null) return null
  const { row, file, manifest } = found
  try {
    if (manifest === null) throw tampered(scopeId)
    if (row === null && manifest.generations.has(scopeId)) throw tampered(scopeId)
    if (row === null) return null
    const { generation, keys } = await openRow(file, manifest, row)
    return { id: scopeId, generation, keys, wipe: () => wipeAll(keys) }
  } finally {
    file.wipe()
  }
}

/** Merges one key into its scope. Throws VAULT_NAME_REFUSED and VAULT_VALUE_REFUSED; on any error nothing changes. */
export async function putKey(
  context: VaultContext,
  scopeId: string,
  name: string,
  value: Secret,
): Promise<PutOutcome> {
  checkNames(scopeId, name)
  checkValue(name, value)
  const database = await context.writable()
  return database.write((transaction) =>
    withState(stateForWriting(transaction, context, { mend: true }), async (state) => {
      const content = await contentOf(transaction, state, scopeId)
      const now = context.clock.nowMs()
      const before = content.entries.get(name)
      content.entries.set(name, [name, before?.[1] ?? now, now])
      content.values.get(name)?.wipe()
      content.values.set(name, value)
      await saveContent(transaction, state, scopeId, content)
      content.values.delete(name)
      wipeAll(content.values)
      return {
        isNewKey: before === undefined,
        isGuardable: isGuardable(value.reveal()),
        droppedKeys: content.droppedKeys.filter((dropped) => dropped !== name),
      }
    }),
  )
}

/** False when there is no such key. The scope goes with its last key. */
export async function deleteKey(context: VaultContext, scopeId: string, name: string): Promise<boolean> {
  const database = await context.existing()
  if (database === null) return false
  return database.write((transaction) =>
    withState(stateForWriting(transaction, context), async (state) => {
      const row = await findScope(transaction, scopeId)
      if (row === null) return false
      const content = await openContent(state, row)
      content.values.get(name)?.wipe()
      const isHeld = content.values.delete(name)
      content.entries.delete(name)
      if (isHeld && content.entries.size === 0) await removeScope(transaction, state, scopeId)
      else if (isHeld) await saveContent(transaction, state, scopeId, content)
      wipeAll(content.values)
      return isHeld
    }),
  )
}

/** False when there was none. Works on a tampered scope too. */
export async function deleteScope(context: VaultContext, scopeId: string): Promise<boolean> {
  const database = await context.existing()
  if (database === null) return false
  return database.write((transaction) =>
    withState(stateForWriting(transaction, context, { mend: true }), async (state) => {
      const isListed = state.manifest.generations.has(scopeId)
      return (await removeScope(transaction, state, scopeId)) || isListed
    }),
  )
}

/** Decrypts nothing and needs no key. */
export async function listSummaries(context: VaultContext): Promise<ScopeSummary[]> {
  const database = await context.existing()
  if (database === null) return []
  const rows = await database.read(listScopes)
  return rows.map((row) => ({
    id: row.scope_id,
    generation: row.generation,
    recipient: row.recipient,
    keys: claimedEntries(row).map(([name, createdAtMs, updatedAtMs]) => ({ name, createdAtMs, updatedAtMs })),
  }))
}

async function withState<T>(
  found: Promise<TrustedState>,
  work: (state: TrustedState) => Promise<T>,
): Promise<T> {
  const state = await found
  try {
    return await work(state)
  } finally {
    state.file.wipe()
  }
}
