import type { AuditEntry, AuditLog } from '../audit/index.ts'
import { isAllowed, launchOf, needsGrant, verdictOn } from '../auth/index.ts'
import { systemClock } from '../base/index.ts'
import type { Config } from '../config/index.ts'
import { pinOf } from '../gateway/index.ts'
import {
  type ActivityDatabase,
  forgetListings,
  launchGrants,
  saveLaunchGrants,
  savePins,
  type Withheld,
  withheldItems,
} from '../store/index.ts'

/** A server that would be started otherwise than when it got its scope. */
export interface ChangedLaunch {
  readonly serverId: string
  readonly scopeId: string
  /** As it was approved last; null: never. */
  readonly before: string | null
  readonly after: string
}

/** What waits until a person has looked at it. */
interface Review {
  launches(): Promise<ChangedLaunch[]>
  approveLaunch(change: ChangedLaunch): Promise<void>
  items(): Promise<Withheld[]>
  approveItems(serverId: string, items: readonly Withheld[]): Promise<void>
}

export function openReview(config: Config, activity: ActivityDatabase, audit: AuditLog): Review {
  const approved = async (what: Pick<AuditEntry, 'action' | 'server' | 'scope'>): Promise<void> => {
    audit.record({ kind: 'approval', decision: 'allowed', ...what })
    await audit.flush()
  }
  return {
    launches: () => changedLaunches(config, activity),
    approveLaunch: async ({ serverId, scopeId, after }) => {
      await saveLaunchGrants(activity, [{ serverId, scopeId, launch: after }], systemClock.nowMs())
      await approved({ action: 'launch', server: serverId, ...(scopeId === '' ? {} : { scope: scopeId }) })
    },
    items: () => withheldItems(activity),
    approveItems: async (serverId, items) => {
      for (const [variant, ofVariant] of Map.groupBy(items, (each) => each.variant)) {
        const pins = ofVariant.map(({ item, source }) => pinOf(item, source))
        await savePins(activity, serverId, variant, pins, systemClock.nowMs())
      }
      await forgetListings(activity, serverId)
      await approved({ action: 'tools', server: serverId })
    },
  }
}

async function changedLaunches(config: Config, activity: ActivityDatabase): Promise<ChangedLaunch[]> {
  const changed: ChangedLaunch[] = []
  for (const server of config.servers.values()) {
    if (!needsGrant(server)) continue
    const { serverId, scopeId, launch } = launchOf(server, config)
    const granted = await launchGrants(activity, scopeId)
    if (isAllowed(verdictOn(server, config, granted))) continue
    const before = granted.findLast((grant) => grant.serverId === serverId)?.launch ?? null
    changed.push({ serverId, scopeId, before, after: launch })
  }
  return changed
}
