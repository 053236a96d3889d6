import type { VaultTransaction } from './vault-database.ts'

/** The name that stands for everything; no auth scope can have it. */
const EVERYTHING = '*'

/** Ids of revoked auth scopes, and whether all of them are locked. */
export interface Locks {
  readonly isLocked: boolean
  readonly revoked: ReadonlySet<string>
}

export async function findLocks(transaction: VaultTransaction): Promise<Locks> {
  const rows = await transaction.selectFrom('locks').select('name').execute()
  const names = new Set(rows.map(({ name }) => name))
  const isLocked = names.delete(EVERYTHING)
  return { isLocked, revoked: names }
}

/** `scopeId` null: everything. */
export async function addLock(
  transaction: VaultTransaction,
  scopeId: string | null,
  nowMs: number,
): Promise<void> {
  await transaction
    .insertInto('locks')
    .values({ name: scopeId ?? EVERYTHING, since_ms: nowMs })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}

/** False when it was not locked. */
export async function removeLock(transaction: VaultTransaction, scopeId: string | null): Promise<boolean> {
  const { numDeletedRows } = await transaction
    .deleteFrom('locks')
    .where('name', '=', scopeId ?? EVERYTHING)
    .executeTakeFirst()
  return numDeletedRows > 0n
}
