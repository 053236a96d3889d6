import { type Config, parseConfig } from '../../src/config/index.ts'
import type { ListKind } from '../../src/gateway/catalog/kinds.ts'
import type { ServerListing } from '../../src/gateway/catalog/store.ts'

/** A configuration of servers that are never started. */
export function serversOf(...entries: readonly (string | { id: string; [field: string]: unknown })[]): Config {
  const servers = entries.map((entry) => ({
    command: 'x',
    ...(typeof entry === 'string' ? { id: entry } : entry),
  }))
  return parseConfig(
    new TextEncoder().encode(JSON.stringify({ downstream_servers: servers })),
    '/x/mcplexer.yaml',
  )
}

export function listing(lists: Partial<Record<ListKind, readonly string[]>>): ServerListing {
  return {
    offer: { era: 'legacy', capabilities: '{"tools":{},"resources":{}}', instructions: '' },
    lists: { tools: [], prompts: [], resources: [], templates: [], ...lists },
    ttlMs: 0,
    withheld: [],
  }
}
