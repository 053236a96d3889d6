// biome-ignore-all lint/suspicious/noExplicitAny: two SDKs behind one face
import { Client as ClientV2, StreamableHTTPClientTransport as HttpV2 } from '@modelcontextprotocol/client'
import { StdioClientTransport as StdioV2 } from '@modelcontextprotocol/client/stdio'
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport as StdioV1 } from '@modelcontextprotocol/sdk/client/stdio.js'
import { StreamableHTTPClientTransport as HttpV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
  LoggingMessageNotificationSchema,
  ResourceUpdatedNotificationSchema,
  ToolListChangedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js'

export type ClientKind = 'v1' | 'v2 modern' | 'v2 legacy'

/** How a client reaches the other side. */
export type Way =
  | { readonly command: string; readonly args: string[]; readonly env: Record<string, string> }
  | { readonly url: string; readonly token: string }

const INFO = { name: 'cross', version: '1' }
const CAPABILITIES = { roots: {}, sampling: {}, elicitation: { form: {} } }
const ROOTS = { roots: [{ uri: 'file:///project' }] }
const SAMPLED = { role: 'assistant' as const, model: 'm', content: { type: 'text' as const, text: 'Paris' } }
const ELICITED = { action: 'accept' as const, content: { name: 'Ann' } }

/** A client of either SDK: its methods have the same names, and what it is told ends up in lists. */
export interface CrossClient {
  readonly sdk: any
  readonly isModern: boolean
  readonly logged: any[]
  readonly updated: string[]
  readonly toolChanges: number[]
  /** Wants news of changed tools and of this resource. */
  watch(uri: string): Promise<void>
  close(): Promise<void>
}

export async function startClient(kind: ClientKind, way: Way): Promise<CrossClient> {
  return kind === 'v1' ? startV1(way) : startV2(way, kind === 'v2 modern')
}

async function startV1(way: Way): Promise<CrossClient> {
  const client = new ClientV1(INFO, { capabilities: CAPABILITIES })
  const heard = { logged: [] as any[], updated: [] as string[], toolChanges: [] as number[] }
  client.setRequestHandler(ElicitRequestSchema, () => ELICITED)
  client.setRequestHandler(CreateMessageRequestSchema, () => SAMPLED)
  client.setRequestHandler(ListRootsRequestSchema, () => ROOTS)
  client.setNotificationHandler(
    LoggingMessageNotificationSchema,
    ({ params }) => void heard.logged.push(params),
  )
  client.setNotificationHandler(
    ResourceUpdatedNotificationSchema,
    ({ params }) => void heard.updated.push(params.uri),
  )
  client.setNotificationHandler(ToolListChangedNotificationSchema, () => void heard.toolChanges.push(1))
  const transport =
    'url' in way
      ? new HttpV1(new URL(way.url), { requestInit: { headers: bearer(way.token) } })
      : new StdioV1({ ...way, stderr: 'ignore' })
  await client.connect(transport as any)
  const watch = async (uri: string) => void (await client.subscribeResource({ uri }))
  return { sdk: client, isModern: false, ...heard, watch, close: () => client.close() }
}

async function startV2(way: Way, isModern: boolean): Promise<CrossClient> {
  const client: any = new ClientV2(INFO, {
    capabilities: CAPABILITIES,
    versionNegotiation: { mode: isModern ? { pin: '2026-07-28' } : 'legacy' },
  })
  const heard = { logged: [] as any[], updated: [] as string[], toolChanges: [] as number[] }
  client.setRequestHandler('elicitation/create', () => ELICITED)
  client.setRequestHandler('sampling/createMessage', () => SAMPLED)
  client.setRequestHandler('roots/list', () => ROOTS)
  client.setNotificationHandler('notifications/message', ({ params }: any) => void heard.logged.push(params))
  client.setNotificationHandler(
    'notifications/resources/updated',
    ({ params }: any) => void heard.updated.push(params.uri),
  )
  client.setNotificationHandler('notifications/tools/list_changed', () => void heard.toolChanges.push(1))
  const transport =
    'url' in way
      ? new HttpV2(new URL(way.url), { requestInit: { headers: bearer(way.token) } })
      : new StdioV2({ ...way, stderr: 'ignore' })
  await client.connect(transport)
  const watch = async (uri: string): Promise<void> => {
    if (isModern) await client.listen({ toolsListChanged: true, resourceSubscriptions: [uri] })
    else await client.subscribeResource({ uri })
  }
  return { sdk: client, isModern, ...heard, watch, close: () => client.close() }
}

function bearer(token: string): Record<string, string> {
  return { Authorization: `Bearer ${token}` }
}
