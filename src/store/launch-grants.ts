import type { ActivityDatabase } from './activity.ts'

interface LaunchGrant {
  readonly serverId: string
  readonly scopeId: string
  /** JSON. */
  readonly launch: string
}

/** The oldest first. */
export async function launchGrants(activity: ActivityDatabase, scopeId: string): Promise<LaunchGrant[]> {
  return activity
    .selectFrom('launch_grants')
    .select(['server_id as serverId', 'scope_id as scopeId', 'launch'])
    .where('scope_id', '=', scopeId)
    .orderBy('granted_at_ms')
    .execute()
}

export async function saveLaunchGrants(
  activity: ActivityDatabase,
  grants: readonly LaunchGrant[],
  nowMs: number,
): Promise<void> {
  await activity.transaction().execute(async (transaction) => {
    for (const { serverId, scopeId, launch } of grants) {
      const values = { granted_at_ms: nowMs }
      await transaction
        .insertInto('launch_grants')
        .values({ server_id: serverId, scope_id: scopeId, launch, ...values })
        .onConflict((conflict) => conflict.columns(['scope_id', 'server_id', 'launch']).doUpdateSet(values))
        .execute()
    }
  })
}
