import { CompiledQuery } from 'kysely'
import type { ActivityDatabase } from './activity.ts'

/** The same statement for any number: to compile one for each takes longer than all the rest. */
const INSERT_ALL = `
  insert into pins (server_id, variant, item, digest, source, pinned_at_ms)
  select ?1, ?2, value ->> 'item', value ->> 'digest', value ->> 'source', ?3 from json_each(?4) where true
  on conflict (server_id, variant, item) do update
  set digest = excluded.digest, source = excluded.source, pinned_at_ms = excluded.pinned_at_ms`

/** One thing that a server offers, as it was written: `item` is `tools/NAME` or `instructions`. */
interface PinnedItem {
  readonly item: string
  readonly digest: string
  readonly source: string
}

export interface Withheld {
  readonly serverId: string
  readonly variant: string
  readonly item: string
  readonly source: string
  /** What was pinned under this name; null: nothing. */
  readonly before: string | null
}

/**
 * Digests of each pinned item. For a kind of client that has never seen the server, those of all other kinds; null
 * when none has.
 */
export async function pinsOf(
  activity: ActivityDatabase,
  serverId: string,
  variant: string,
): Promise<{ digests: ReadonlyMap<string, ReadonlySet<string>>; isOwn: boolean } | null> {
  const rows = await activity
    .selectFrom('pins')
    .select(['item', 'digest', 'variant'])
    .where('server_id', '=', serverId)
    .execute()
  if (rows.length === 0) return null
  const own = rows.filter((row) => row.variant === variant)
  const digests = new Map<string, Set<string>>()
  for (const { item, digest } of own.length > 0 ? own : rows)
    digests.set(item, (digests.get(item) ?? new Set()).add(digest))
  return { digests, isOwn: own.length > 0 }
}

export async function savePins(
  activity: ActivityDatabase,
  serverId: string,
  variant: string,
  items: readonly PinnedItem[],
  nowMs: number,
): Promise<void> {
  const parameters = [serverId, variant, nowMs, JSON.stringify(items)]
  await activity
    .transaction()
    .execute((transaction) => transaction.executeQuery(CompiledQuery.raw(INSERT_ALL, parameters)))
}

async function hasWithheld(activity: ActivityDatabase, serverId: string, variant: string): Promise<boolean> {
  const found = await activity
    .selectFrom('withheld_items')
    .select('item')
    .where('server_id', '=', serverId)
    .where('variant', '=', variant)
    .limit(1)
    .executeTakeFirst()
  return found !== undefined
}

/** In the place of what was withheld of the server before. */
export async function saveWithheld(
  activity: ActivityDatabase,
  serverId: string,
  variant: string,
  items: readonly { item: string; source: string }[],
  nowMs: number,
): Promise<void> {
  if (items.length === 0 && !(await hasWithheld(activity, serverId, variant))) return
  await activity.transaction().execute(async (transaction) => {
    await transaction
      .deleteFrom('withheld_items')
      .where('server_id', '=', serverId)
      .where('variant', '=', variant)
      .execute()
    for (const { item, source } of items) {
      const row = { server_id: serverId, variant, item, source, seen_at_ms: nowMs }
      await transaction.insertInto('withheld_items').values(row).execute()
    }
  })
}

export async function withheldItems(activity: ActivityDatabase): Promise<Withheld[]> {
  const rows = await activity
    .selectFrom('withheld_items')
    .leftJoin('pins', (join) =>
      join
        .onRef('pins.server_id', '=', 'withheld_items.server_id')
        .onRef('pins.variant', '=', 'withheld_items.variant')
        .onRef('pins.item', '=', 'withheld_items.item'),
    )
    .select([
      'withheld_items.server_id as serverId',
      'withheld_items.variant as variant',
      'withheld_items.item as item',
      'withheld_items.source as source',
      'pins.source as before',
    ])
    .orderBy('withheld_items.server_id')
    .orderBy('withheld_items.item')
    .execute()
  return rows
}

/** What was stored of the server's lists is forgotten, so that it is asked anew. */
export async function forgetListings(activity: ActivityDatabase, serverId: string): Promise<void> {
  await activity.transaction().execute(async (transaction) => {
    await transaction.deleteFrom('withheld_items').where('server_id', '=', serverId).execute()
    await transaction.deleteFrom('catalog_entries').where('server_id', '=', serverId).execute()
    await transaction.deleteFrom('stored_replies').execute()
  })
}
