import { type ActivityDatabase, auditAfter, auditStart, dropAuditUpTo } from '../store/index.ts'
import { decodeEntry } from './entry.ts'

export interface Retention {
  /** 0: for ever. */
  readonly keepDays: number
  /** 0: any number. */
  readonly keepEntries: number
}

const DAY_MS = 86_400_000
const PAGE = 1000

/**
 * Lets go of what is too old or too much, from the front, so that the rest stays a chain. Gives the number of the
 * last entry that went, or null.
 */
export async function prune(
  activity: ActivityDatabase,
  { keepDays, keepEntries }: Retention,
  nowMs: number,
): Promise<number | null> {
  const start = await auditStart(activity)
  const newest = await activity
    .selectFrom('audit_entries')
    .select('seq')
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst()
  const firstKept = keepEntries === 0 ? 0 : (newest?.seq ?? 0) - keepEntries + 1
  const oldestMs = keepDays === 0 ? 0 : nowMs - keepDays * DAY_MS
  let last = start
  for (let isDone = false; !isDone; ) {
    const rows = await auditAfter(activity, last.seq, PAGE)
    isDone = rows.length === 0
    for (const row of rows) {
      isDone = row.seq >= firstKept && decodeEntry(row).atMs >= oldestMs
      if (isDone) break
      last = row
    }
  }
  if (last.seq === start.seq) return null
  await dropAuditUpTo(activity, { seq: last.seq, hash: last.hash })
  return last.seq
}
