import type { ActivityDatabase } from './activity.ts'

interface CatalogEntry {
  readonly fingerprint: string
  /** JSON: what the server offers and the source of each item of its lists. */
  readonly listing: string
}

export async function loadCatalogEntry(
  activity: ActivityDatabase,
  serverId: string,
  variant: string,
): Promise<CatalogEntry | null> {
  const row = await activity
    .transaction()
    .setAccessMode('read only')
    .execute((transaction) =>
      transaction
        .selectFrom('catalog_entries')
        .select(['fingerprint', 'listing'])
        .where('server_id', '=', serverId)
        .where('variant', '=', variant)
        .executeTakeFirst(),
    )
  return row ?? null
}

export async function saveCatalogEntry(
  activity: ActivityDatabase,
  serverId: string,
  variant: string,
  entry: CatalogEntry,
  nowMs: number,
): Promise<void> {
  const values = { ...entry, listed_at_ms: nowMs }
  await activity.transaction().execute((transaction) =>
    transaction
      .insertInto('catalog_entries')
      .values({ server_id: serverId, variant, ...values })
      .onConflict((conflict) => conflict.columns(['server_id', 'variant']).doUpdateSet(values))
      .execute(),
  )
}
