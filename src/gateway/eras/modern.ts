import { isObject, isString, type Span, sourceOf, textOf } from '../wire/json-span.ts'
import type { RequestMessage } from '../wire/message.ts'
import { SERVER_INFO } from './server-info.ts'

/** The protocol since 2026-07-28: no session, every request says who asks. MCP 2026-07-28, "Overview: _meta". */
export const MODERN_REVISION = '2026-07-28'

const PREFIX = 'io.modelcontextprotocol/'
export const META = {
  revision: `${PREFIX}protocolVersion`,
  clientInfo: `${PREFIX}clientInfo`,
  capabilities: `${PREFIX}clientCapabilities`,
  logLevel: `${PREFIX}logLevel`,
  subscriptionId: `${PREFIX}subscriptionId`,
  serverInfo: `${PREFIX}serverInfo`,
} as const

/** SEP-2663. */
export const TASKS_EXTENSION = `${PREFIX}tasks`

/** What a modern request says of its sender; each is the JSON source, or null when it is not there. */
export interface Envelope {
  readonly revision: string | null
  readonly capabilities: string | null
  readonly clientInfo: string | null
  readonly logLevel: string | null
}

/** Null for a request that is not of this era. */
export function readEnvelope(request: RequestMessage): Envelope | null {
  if (!isObject(request.bytes, request.params.get('_meta'))) return null
  const fields = request.meta
  if (!Object.values(META).some((key) => fields.has(key)) && request.method !== DISCOVER) return null
  const text = (span: Span | undefined) => (isString(request.bytes, span) ? textOf(request.bytes, span) : null)
  const object = (span: Span | undefined) =>
    isObject(request.bytes, span) ? sourceOf(request.bytes, span) : null
  return {
    revision: text(fields.get(META.revision)),
    capabilities: object(fields.get(META.capabilities)),
    clientInfo: object(fields.get(META.clientInfo)),
    logLevel: text(fields.get(META.logLevel)),
  }
}

export const DISCOVER = 'server/discover'
export const LISTEN = 'subscriptions/listen'

/** `capabilities`: JSON source of the client's. */
export function declaresExtension(name: string, capabilities: string): boolean {
  const { extensions }: { extensions?: unknown } = JSON.parse(capabilities)
  return typeof extensions === 'object' && extensions !== null && Object.hasOwn(extensions, name)
}

/** The `_meta` members of a request to a modern server, as JSON text. */
export function envelopeSource(
  client: { readonly capabilities: string; readonly clientInfo: string },
  logLevel: string | null = null,
): string {
  const level = logLevel === null ? '' : `,"${META.logLevel}":${JSON.stringify(logLevel)}`
  return `"${META.revision}":"${MODERN_REVISION}","${META.clientInfo}":${client.clientInfo},"${META.capabilities}":${client.capabilities}${level}`
}

/** What the result of a list has besides its items, as JSON text. Lists depend on who asks, so they are private. */
export function listMembers(ttlMs: number): string {
  return `,"resultType":"complete","ttlMs":${ttlMs},"cacheScope":"private","_meta":{"${META.serverInfo}":${SERVER_INFO}}`
}
