/** Row types of both databases. Times are milliseconds since 1970. */
export interface VaultTables {
  vault_state: VaultStateRow
  sealed_scopes: SealedScopeRow
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
}
