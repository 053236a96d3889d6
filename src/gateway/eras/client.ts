export type Era = 'legacy' | 'modern'

/** What a server gets to know of the client app it works for; the last two are JSON source. */
export interface ClientDescription {
  readonly era: Era
  readonly revision: string
  readonly capabilities: string
  readonly clientInfo: string
}

/** `name/version`, as the app says itself; it may say anything. */
export function clientLabel({ clientInfo }: Pick<ClientDescription, 'clientInfo'>): string {
  const { name, version }: { name?: unknown; version?: unknown } = JSON.parse(clientInfo)
  return `${wordOf(name) ?? 'unknown'}/${wordOf(version) ?? ''}`
}

function wordOf(value: unknown): string | null {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : null
}
