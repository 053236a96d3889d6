import type { Offer } from '../eras/offer.ts'
import type { ListKind } from './kinds.ts'

/** A server as it was last seen: what it offers, and the JSON source of each item of its lists. */
export interface ServerListing {
  readonly offer: Offer
  readonly lists: Readonly<Record<ListKind, readonly string[]>>
  /** The shortest time that one of the lists may be taken for fresh, in milliseconds. */
  readonly ttlMs: number
  /** What of it has changed since it was pinned, and is left out: `tools/NAME` or `instructions`. */
  readonly withheld: readonly string[]
}

interface StoredListing {
  /** Of what launch. */
  readonly fingerprint: string
  readonly listing: ServerListing
}

/** Replies that are sent before anything else is loaded, serialized. */
export interface StoredReplies {
  readonly opening: Opening
  /** The result of each list request. */
  readonly lists: Readonly<Record<ListKind, Uint8Array>>
}

/** What a client is told about everything behind us: `capabilities` is JSON source. */
export interface Opening {
  readonly capabilities: string
  readonly instructions: string
}

/** What the catalogue needs of a database; without one it starts empty every time. */
export interface CatalogStore {
  load(serverId: string, variant: string): Promise<StoredListing | null>
  save(serverId: string, variant: string, stored: StoredListing): Promise<void>
  /** Under the digest of the config file. */
  saveReplies(configDigest: string, variant: string, replies: StoredReplies): Promise<void>
}
