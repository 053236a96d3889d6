import type { VaultTransaction } from './vault-database.ts'

export async function listRetired(transaction: VaultTransaction): Promise<string[]> {
  const rows = await transaction.selectFrom('retired_recipients').select('recipient').execute()
  return rows.map((row) => row.recipient)
}

export async function retireRecipients(
  transaction: VaultTransaction,
  recipients: readonly string[],
  nowMs: number,
): Promise<void> {
  if (recipients.length === 0) return
  await transaction
    .insertInto('retired_recipients')
    .values(recipients.map((recipient) => ({ recipient, retired_at_ms: nowMs })))
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}
