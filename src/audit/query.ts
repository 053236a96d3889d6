import { type ActivityDatabase, auditAfter, auditStart, newestAudit } from '../store/index.ts'
import type { StoredEntry } from './entry.ts'
import { readableEntry } from './readable.ts'

const PAGE = 1000
const LOOK_EVERY_MS = 200

/** What is left out is not looked at. */
interface Filter {
  readonly kind?: string
  readonly server?: string
  readonly scope?: string
  readonly name?: string
  readonly client?: string
  readonly decision?: string
  readonly sinceMs?: number
}

function matches(entry: StoredEntry, filter: Filter): boolean {
  const { sinceMs, client, scope, ...exact } = filter
  if (sinceMs !== undefined && entry.atMs < sinceMs) return false
  if (client !== undefined && entry.client?.includes(client) !== true) return false
  if (scope !== undefined && !isOfScope(entry, scope)) return false
  return Object.entries(exact).every(
    ([field, wanted]) => wanted === undefined || entry[field as keyof StoredEntry] === wanted,
  )
}

/** A leak names the scope in front of each key: it may be of another server's. */
function isOfScope({ kind, scope, keys = [] }: StoredEntry, wanted: string): boolean {
  return scope === wanted || (kind === 'leak' && keys.some((key) => key.startsWith(`${wanted}/`)))
}

/** All entries that match, the oldest first. */
export async function* listed(activity: ActivityDatabase, filter: Filter = {}): AsyncGenerator<StoredEntry> {
  for (let last = (await auditStart(activity)).seq; ; ) {
    const rows = await auditAfter(activity, last, PAGE)
    if (rows.length === 0) return
    for (const entry of rows.map(readableEntry)) if (matches(entry, filter)) yield entry
    last = rows.at(-1)?.seq ?? last
  }
}

/** The newest `count`, then whatever is added, until `signal` fires. */
export async function* followed(
  activity: ActivityDatabase,
  count: number,
  signal: AbortSignal,
): AsyncGenerator<StoredEntry> {
  const newest = await newestAudit(activity, count)
  yield* newest.map(readableEntry)
  let last = newest.at(-1)?.seq ?? (await auditStart(activity)).seq
  while (!signal.aborted) {
    for (const row of await auditAfter(activity, last, PAGE)) {
      last = row.seq
      yield readableEntry(row)
    }
    await Bun.sleep(LOOK_EVERY_MS)
  }
}

/** The end of the chain; null when there is nothing in it. */
export async function headOf(activity: ActivityDatabase): Promise<{ seq: number; hash: Uint8Array } | null> {
  const [head] = await newestAudit(activity, 1)
  return head ?? null
}
