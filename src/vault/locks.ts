import { addLock, findLocks, type Locks, removeLock, type VaultTransaction } from '../store/index.ts'
import type { VaultContext } from './context.ts'
import { VaultError } from './vault-error.ts'

/** What is locked where nothing is. */
export const UNLOCKED: Locks = { isLocked: false, revoked: new Set() }

/** Needs no key: whoever is in a hurry has nothing to look for. `scopeId` null: everything. */
export async function lock(context: VaultContext, scopeId: string | null): Promise<void> {
  const database = await context.writable()
  await database.write((transaction) => addLock(transaction, scopeId, context.clock.nowMs()))
}

/** False when it was not locked. */
export async function unlock(context: VaultContext, scopeId: string | null): Promise<boolean> {
  const database = await context.existing()
  if (database === null) return false
  return database.write((transaction) => removeLock(transaction, scopeId))
}

export async function locksOf(context: VaultContext): Promise<Locks> {
  const database = await context.existing()
  return database === null ? UNLOCKED : database.read(findLocks)
}

/** Throws VAULT_LOCKED. */
export async function refuseLocked(transaction: VaultTransaction, scopeId: string): Promise<void> {
  const error = lockError(await findLocks(transaction), scopeId)
  if (error !== null) throw error
}

/** Null: it may be used. `scopeId` null: only a lock of everything counts. */
export function lockError({ isLocked, revoked }: Locks, scopeId: string | null): VaultError | null {
  if (isLocked) return new VaultError('VAULT_LOCKED', 'mcplexer is locked', { hint: 'mcplexer unlock' })
  if (scopeId === null || !revoked.has(scopeId)) return null
  return new VaultError('VAULT_LOCKED', `auth scope ${scopeId} is revoked`, {
    hint: `mcplexer unlock ${scopeId}`,
  })
}
