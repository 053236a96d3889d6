import type { SealedScopeRow } from './schema.ts'
import type { VaultTransaction } from './vault-database.ts'

export async function findScope(
  transaction: VaultTransaction,
  scopeId: string,
): Promise<SealedScopeRow | null> {
  const row = await transaction
    .selectFrom('sealed_scopes')
    .selectAll()
    .where('scope_id', '=', scopeId)
    .executeTakeFirst()
  return row ?? null
}

/** Without the blobs. */
export function listScopes(transaction: VaultTransaction): Promise<Omit<SealedScopeRow, 'blob' | 'mac'>[]> {
  return transaction
    .selectFrom('sealed_scopes')
    .select(['scope_id', 'generation', 'recipient', 'mac_key', 'keys'])
    .orderBy('scope_id')
    .execute()
}

export async function listScopeIds(transaction: VaultTransaction): Promise<string[]> {
  const rows = await transaction.selectFrom('sealed_scopes').select('scope_id').orderBy('scope_id').execute()
  return rows.map((row) => row.scope_id)
}

/** The next rows in the order of their ids; begin with ''. */
export function scopesAfter(
  transaction: VaultTransaction,
  scopeId: string,
  limit: number,
): Promise<SealedScopeRow[]> {
  return transaction
    .selectFrom('sealed_scopes')
    .selectAll()
    .where('scope_id', '>', scopeId)
    .orderBy('scope_id')
    .limit(limit)
    .execute()
}

export async function saveScope(transaction: VaultTransaction, row: SealedScopeRow): Promise<void> {
  const { scope_id, ...content } = row
  await transaction
    .insertInto('sealed_scopes')
    .values(row)
    .onConflict((conflict) => conflict.column('scope_id').doUpdateSet(content))
    .execute()
}

type Reseal = Pick<SealedScopeRow, 'scope_id' | 'recipient' | 'mac_key' | 'blob' | 'mac'>

export async function resealScope(transaction: VaultTransaction, { scope_id, ...seal }: Reseal): Promise<void> {
  await transaction.updateTable('sealed_scopes').set(seal).where('scope_id', '=', scope_id).execute()
}

/** False when there was none. */
export async function deleteScopeRow(transaction: VaultTransaction, scopeId: string): Promise<boolean> {
  const result = await transaction
    .deleteFrom('sealed_scopes')
    .where('scope_id', '=', scopeId)
    .executeTakeFirst()
  return result.numDeletedRows > 0n
}
