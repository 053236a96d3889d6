/** A server's tools as they were last seen: the JSON source of each, and of what launch. */
export interface StoredTools {
  readonly fingerprint: string
  readonly sources: readonly string[]
}

/** What the catalogue needs of a database; without one it starts empty every time. */
export interface CatalogStore {
  load(serverId: string, variant: string): Promise<StoredTools | null>
  save(serverId: string, variant: string, tools: StoredTools): Promise<void>
  /** Serialized replies that `serve` sends before anything else is loaded, under the digest of the config file. */
  saveReplies(configDigest: string, variant: string, replies: StoredReplies): Promise<void>
}

export interface StoredReplies {
  /** The result of `tools/list`. */
  readonly tools: Uint8Array
  readonly instructions: string
}

/** Servers list different tools for different revisions and client capabilities. */
export function variantOf(client: { revision: string; capabilities: string }): string {
  return new Bun.CryptoHasher('sha256')
    .update(`${client.revision}\n${client.capabilities}`)
    .digest('hex')
    .slice(0, 32)
}
