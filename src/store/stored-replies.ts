import type { ActivityDatabase } from './activity.ts'
import type { ActivityTables } from './schema.ts'

const KEPT_REPLIES = 20

export type Replies = Pick<
  ActivityTables['stored_replies'],
  'opening' | 'tools' | 'prompts' | 'resources' | 'templates'
>

/** Keeps the newest replies only: every edit of the configuration file makes a new digest. */
export async function saveStoredReplies(
  activity: ActivityDatabase,
  key: { configDigest: string; variant: string },
  replies: Replies,
  nowMs: number,
): Promise<void> {
  const values = { ...replies, stored_at_ms: nowMs }
  await activity.transaction().execute(async (transaction) => {
    await transaction
      .insertInto('stored_replies')
      .values({ config_digest: key.configDigest, variant: key.variant, ...values })
      .onConflict((conflict) => conflict.columns(['config_digest', 'variant']).doUpdateSet(values))
      .execute()
    const oldest = await transaction
      .selectFrom('stored_replies')
      .select('stored_at_ms')
      .orderBy('stored_at_ms', 'desc')
      .offset(KEPT_REPLIES)
      .limit(1)
      .executeTakeFirst()
    if (oldest === undefined) return
    await transaction.deleteFrom('stored_replies').where('stored_at_ms', '<=', oldest.stored_at_ms).execute()
  })
}
