import { CompiledQuery } from 'kysely'
import type { ActivityDatabase } from './activity.ts'
import type { ActivityTables } from './schema.ts'

export type AuditRow = ActivityTables['audit_entries']

/** Where the chain begins: what stood before has been let go of. */
export interface AuditStart {
  readonly seq: number
  readonly hash: Uint8Array
}

/** Many in one statement, always of the same lengths: compiling it would take most of the time of a call's entry. */
const AT_ONCE = [64, 8, 1]
const insertOf = (count: number): string =>
  `insert into audit_entries (seq, body, hash) values ${Array(count).fill('(?, ?, ?)').join(', ')}`
const NOTHING: AuditStart = { seq: 0, hash: new Uint8Array(32) }

/**
 * The same, and on the disk when it returns: it survives a loss of power, with all that was added before. Waiting for
 * the disk takes about a millisecond, in which nothing else is done.
 */
export async function appendAuditDurably(
  ...[activity, bodies, link]: Parameters<typeof appendAudit>
): Promise<void> {
  await activity.executeQuery(CompiledQuery.raw('PRAGMA synchronous = FULL'))
  try {
    await appendAudit(activity, bodies, link)
  } finally {
    await activity.executeQuery(CompiledQuery.raw('PRAGMA synchronous = NORMAL'))
  }
}

/** In one commit, in the order given, behind what other processes have added. `link` gives the hash of an entry. */
export async function appendAudit(
  activity: ActivityDatabase,
  bodies: readonly string[],
  link: (before: AuditStart, body: string) => Uint8Array,
): Promise<void> {
  await activity.transaction().execute(async (transaction) => {
    const last = await transaction
      .selectFrom('audit_entries')
      .select(['seq', 'hash'])
      .orderBy('seq', 'desc')
      .limit(1)
      .executeTakeFirst()
    let before = last ?? (await transaction.selectFrom('audit_start').selectAll().executeTakeFirst()) ?? NOTHING
    const rows = bodies.map((body) => {
      const row = { seq: before.seq + 1, body, hash: link(before, body) }
      before = row
      return row
    })
    for (let from = 0; from < rows.length; ) {
      const part = rows.slice(from, from + (AT_ONCE.find((count) => count <= rows.length - from) ?? 1))
      const values = part.flatMap(({ seq, body, hash }) => [seq, body, hash])
      await transaction.executeQuery(CompiledQuery.raw(insertOf(part.length), values))
      from += part.length
    }
  })
}

export async function auditStart(activity: ActivityDatabase): Promise<AuditStart> {
  return (await activity.selectFrom('audit_start').selectAll().executeTakeFirst()) ?? NOTHING
}

/** At most `limit`, in order, from behind `seq`. */
export function auditAfter(activity: ActivityDatabase, seq: number, limit: number): Promise<AuditRow[]> {
  return activity
    .selectFrom('audit_entries')
    .selectAll()
    .where('seq', '>', seq)
    .orderBy('seq')
    .limit(limit)
    .execute()
}

/** The newest, in order. */
export async function newestAudit(activity: ActivityDatabase, limit: number): Promise<AuditRow[]> {
  const rows = await activity
    .selectFrom('audit_entries')
    .selectAll()
    .orderBy('seq', 'desc')
    .limit(limit)
    .execute()
  return rows.reverse()
}

/** 32 random bytes of this database, made when there are none. */
export async function auditDigestKey(activity: ActivityDatabase): Promise<Uint8Array> {
  const found = await activity.selectFrom('audit_key').select('key').executeTakeFirst()
  if (found !== undefined) return found.key
  const fresh = crypto.getRandomValues(new Uint8Array(32))
  await activity.transaction().execute((transaction) =>
    transaction
      .insertInto('audit_key')
      .values({ id: 1, key: fresh })
      .onConflict((conflict) => conflict.doNothing())
      .execute(),
  )
  return (await activity.selectFrom('audit_key').select('key').executeTakeFirst())?.key ?? fresh
}
