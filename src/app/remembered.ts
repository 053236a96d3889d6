import type { LaunchGrants } from '../auth/index.ts'
import { systemClock } from '../base/index.ts'
import { type CatalogStore, type PinStore, readListing } from '../gateway/index.ts'
import * as store from '../store/index.ts'

/** What auth and gateway want remembered, each through an interface of its own, in the activity database. */
interface Remembered {
  readonly launches: LaunchGrants
  readonly pins: PinStore
  readonly catalog: CatalogStore
}

export function rememberedIn(activity: store.ActivityDatabase): Remembered {
  const now = () => systemClock.nowMs()
  return {
    launches: {
      of: (scopeId) => store.launchGrants(activity, scopeId),
      add: (grants) => store.saveLaunchGrants(activity, grants, now()),
    },
    pins: {
      load: (serverId, variant) => store.pinsOf(activity, serverId, variant),
      save: (serverId, variant, pins) => store.savePins(activity, serverId, variant, pins, now()),
      withhold: (serverId, variant, pins) => store.saveWithheld(activity, serverId, variant, pins, now()),
    },
    catalog: {
      load: async (serverId, variant) => {
        const entry = await store.loadCatalogEntry(activity, serverId, variant)
        const listing = entry === null ? null : readListing(entry.listing)
        return entry === null || listing === null ? null : { fingerprint: entry.fingerprint, listing }
      },
      save: (serverId, variant, { fingerprint, listing }) => {
        const entry = { fingerprint, listing: JSON.stringify(listing) }
        return store.saveCatalogEntry(activity, serverId, variant, entry, now())
      },
      saveReplies: (configDigest, variant, { opening, lists }) => {
        const replies = { opening: JSON.stringify(opening), ...lists }
        return store.saveStoredReplies(activity, { configDigest, variant }, replies, now())
      },
    },
  }
}
