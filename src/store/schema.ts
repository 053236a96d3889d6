/** Row types of both databases. Times are milliseconds since 1970. */
export interface VaultTables {
  vault_state: VaultStateRow
  sealed_scopes: SealedScopeRow
  locks: {
    /** An auth scope, or `*` for everything. */
    name: string
    since_ms: number
  }
}

export interface VaultStateRow {
  id: 1
  vault_id: string
  /** What new seals are made for. */
  recipient: string
  /** Recipient of the identity that the manifest's HMAC key comes from. */
  mac_key: string
  manifest: Uint8Array
  manifest_mac: Uint8Array
}

export interface SealedScopeRow {
  scope_id: string
  generation: number
  recipient: string
  mac_key: string
  /** JSON: `[[name, createdAtMs, updatedAtMs], …]` */
  keys: string
  /** A plain age file. */
  blob: Uint8Array
  mac: Uint8Array
}

export interface ActivityTables {
  catalog_entries: {
    server_id: string
    variant: string
    fingerprint: string
    /** JSON: what the server offers and the source of each item of its lists. */
    listing: string
    listed_at_ms: number
  }
  stored_replies: {
    config_digest: string
    variant: string
    /** JSON: capabilities and instructions. */
    opening: string
    tools: Uint8Array
    prompts: Uint8Array
    resources: Uint8Array
    templates: Uint8Array
    stored_at_ms: number
  }
  audit_entries: {
    /** From 1, without gaps. */
    seq: number
    /** JSON; `audit/entry.ts` draws it. */
    body: string
    /** Over this entry and the hash before it. */
    hash: Uint8Array
  }
  /** What the first entry follows on, once older ones were let go of. */
  audit_start: {
    id: 1
    seq: number
    hash: Uint8Array
  }
  /** For digests of arguments: of use only together with this database. */
  audit_key: {
    id: 1
    key: Uint8Array
  }
  /** What a server offered when it was first seen, or what was approved since, for one kind of client. */
  pins: {
    server_id: string
    variant: string
    /** `tools/NAME`, or `instructions`. */
    item: string
    digest: string
    source: string
    pinned_at_ms: number
  }
  /** What it offers now, and nobody has approved. */
  withheld_items: {
    server_id: string
    variant: string
    item: string
    source: string
    seen_at_ms: number
  }
  /** What a server with a scope was first started as, or what was approved since. */
  launch_grants: {
    scope_id: string
    server_id: string
    /** JSON; `auth/launch.ts` writes it. */
    launch: string
    granted_at_ms: number
  }
}
