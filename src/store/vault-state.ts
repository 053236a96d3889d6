import type { VaultStateRow } from './schema.ts'
import type { VaultTransaction } from './vault-database.ts'

/** Null in a vault that nothing was ever put into. */
export async function findVaultState(transaction: VaultTransaction): Promise<VaultStateRow | null> {
  return (await transaction.selectFrom('vault_state').selectAll().executeTakeFirst()) ?? null
}

export async function saveVaultState(transaction: VaultTransaction, state: VaultStateRow): Promise<void> {
  const { id: _id, ...content } = state
  await transaction
    .insertInto('vault_state')
    .values(state)
    .onConflict((conflict) => conflict.column('id').doUpdateSet(content))
    .execute()
}
