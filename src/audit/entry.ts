export const AUDIT_KINDS = ['call', 'start', 'secret', 'key', 'approval', 'leak', 'lock', 'retention'] as const
export const AUDIT_DECISIONS = ['allowed', 'refused', 'failed'] as const

/** One thing that was done, or refused. No field can hold a value: names, numbers and words of our own only. */
export interface AuditEntry {
  readonly kind: (typeof AUDIT_KINDS)[number]
  /** `tools/call`, `put`, `rotate`, … */
  readonly action: string
  readonly decision: (typeof AUDIT_DECISIONS)[number]
  /** Name and version that the client app gives itself. */
  readonly client?: string | undefined
  readonly session?: string
  readonly server?: string | undefined
  /** The public name of a tool or prompt. */
  readonly name?: string | undefined
  readonly scope?: string | undefined
  /** Names of keys. */
  readonly keys?: readonly string[]
  readonly generation?: number
  readonly shield?: string
  readonly durationMs?: number
  readonly bytesIn?: number
  readonly bytesOut?: number
  /** Keyed: equal for equal arguments in this database, and of no use without it. */
  readonly argumentsDigest?: string | undefined
  /** Only with `audit.arguments`, and redacted. */
  readonly arguments?: string | undefined
  /** An error code of ours, or a number. */
  readonly reason?: string | undefined
}

/** As it stands in the database: `body` is the JSON of the entry with `atMs` in front. */
export interface StoredEntry extends AuditEntry {
  readonly seq: number
  readonly atMs: number
}

const MAX_TEXT = 200
const PLAIN = /^[\x20-\x7e]*$/

/** What a client says of itself, or calls by name, is cut, and may not hide anything from who reads the record. */
export function encodeEntry(entry: AuditEntry, atMs: number): string {
  const { client, name } = entry
  return JSON.stringify({
    atMs,
    ...entry,
    client: client === undefined ? undefined : shown(client),
    name: name === undefined ? undefined : shown(name),
  })
}

function shown(text: string): string {
  if (text.length <= MAX_TEXT && PLAIN.test(text)) return text
  const plain = text.replace(/[\p{Cc}\p{Cf}]/gu, '')
  return plain.length > MAX_TEXT ? `${plain.slice(0, MAX_TEXT)}…` : plain
}

export function decodeEntry({ seq, body }: { seq: number; body: string }): StoredEntry {
  try {
    return { ...JSON.parse(body), seq }
  } catch {
    // somebody has changed it; `audit verify` says so
    return { seq, atMs: 0, kind: 'call', action: 'unreadable', decision: 'failed' }
  }
}
