import { CompiledQuery } from 'kysely'
import type { ActivityDatabase } from './activity.ts'

/** Entries of one query: it takes some 5 ms, and calls go on between two. */
const AT_ONCE = 20_000
const IN_USE = `select (page_count - freelist_count) * page_size as bytes
  from pragma_page_count, pragma_freelist_count, pragma_page_size`
const FIND = `select max(seq) as last, sum(instr(body, ?) > 0) as found
  from (select seq, body from audit_entries where seq > ? order by seq limit ${AT_ONCE})`
const COUNT = `select max(seq) as last, sum(length(cast(body as blob))) as bytes
  from (select seq, body from audit_entries where seq > ? order by seq limit ${AT_ONCE})`

/** By how many bytes the bodies of all entries exceed `limit`. They are counted only in a file that large. */
export async function auditBytesAbove(activity: ActivityDatabase, limit: number): Promise<number> {
  const inUse = await activity.executeQuery<{ bytes: number }>(CompiledQuery.raw(IN_USE))
  if ((inUse.rows[0]?.bytes ?? 0) <= limit) return 0
  for (let from = 0, total = 0; ; ) {
    const { rows } = await activity.executeQuery<{ last: number | null; bytes: number | null }>(
      CompiledQuery.raw(COUNT, [from]),
    )
    const [part] = rows
    if (part?.last == null) return Math.max(0, total - limit)
    total += part.bytes ?? 0
    from = part.last
    // calls go on meanwhile
    await Bun.sleep(0)
  }
}

/** Whether any entry's body holds `text`. */
export async function hasAuditBody(activity: ActivityDatabase, text: string): Promise<boolean> {
  for (let from = 0; ; ) {
    const { rows } = await activity.executeQuery<{ last: number | null; found: number | null }>(
      CompiledQuery.raw(FIND, [text, from]),
    )
    const [part] = rows
    if (part?.found) return true
    if (part?.last == null) return false
    from = part.last
    await Bun.sleep(0)
  }
}
