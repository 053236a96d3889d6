/**
 * The protocol up to 2025-11-25: a session that begins with `initialize`. Newest first.
 * MCP 2025-11-25, "Lifecycle: Version Negotiation".
 */
const REVISIONS = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'] as const
export const LATEST_LEGACY_REVISION = REVISIONS[0]

/** Methods of these revisions that this side could be asked; what is not among them is unknown for certain. */
export const LEGACY_METHODS: ReadonlySet<string> = new Set([
  'ping',
  'tools/list',
  'tools/call',
  'resources/list',
  'resources/read',
  'resources/templates/list',
  'resources/subscribe',
  'resources/unsubscribe',
  'prompts/list',
  'prompts/get',
  'completion/complete',
  'logging/setLevel',
])

export function isLegacyRevision(revision: string | null): boolean {
  return REVISIONS.some((known) => known === revision)
}

/** The client's revision when we speak it, else our newest: the client decides whether it can go on. */
export function negotiateRevision(requested: string | null): string {
  return requested !== null && isLegacyRevision(requested) ? requested : LATEST_LEGACY_REVISION
}
