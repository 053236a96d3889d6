import type { ActivityDatabase } from './activity.ts'
import type { AuditStart } from './audit-entries.ts'

/**
 * Lets go of everything up to and with entry `seq`. The chain begins behind it from now on, and in the same commit
 * an entry at its end says so: `bodyOf` makes it, `link` gives its hash. False, with nothing changed, when that entry
 * has gone already. The pages are overwritten, and used again for new entries; the file does not become smaller.
 */
export async function dropAuditUpTo(
  activity: ActivityDatabase,
  seq: number,
  bodyOf: (start: AuditStart) => string,
  link: (before: AuditStart, body: string) => Uint8Array,
): Promise<boolean> {
  return activity.transaction().execute(async (transaction) => {
    const entries = transaction.selectFrom('audit_entries').select(['seq', 'hash'])
    const start = await entries.where('seq', '=', seq).executeTakeFirst()
    const newest = await entries.orderBy('seq', 'desc').limit(1).executeTakeFirst()
    if (start === undefined || newest === undefined) return false
    const body = bodyOf(start)
    const added = { seq: newest.seq + 1, body, hash: link(newest, body) }
    await transaction.insertInto('audit_entries').values(added).execute()
    await transaction.deleteFrom('audit_entries').where('seq', '<=', seq).execute()
    await transaction
      .insertInto('audit_start')
      .values({ id: 1, ...start })
      .onConflict((conflict) => conflict.column('id').doUpdateSet(start))
      .execute()
    return true
  })
}
