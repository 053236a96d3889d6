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
const ONE = insertOf(1)
const INSERTS = [insertOf(64), insertOf(8), ONE]
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
    for (let from = 0; from < bodies.length; ) {
      // a call that comes meanwhile does not wait for all of them
      if (from > 0) await new Promise((resolve) => setImmediate(resolve))
      const { count, query } = INSERTS.find((insert) => insert.count <= bodies.length - from) ?? ONE
      const parameters = bodies.slice(from, from + count).flatMap((body) => {
        before = { seq: before.seq + 1, hash: link(before, body) }
        return [before.seq, body, before.hash]
      })
      await transaction.executeQuery({ ...query, parameters })
      from += count
    }
  })
}

function insertOf(count: number) {
  const places = Array(count).fill('(?, ?, ?)').join(', ')
  return { count, query: CompiledQuery.raw(`insert into audit_entries (seq, body, hash) values ${places}`) }
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
