import { isLegacyRevision } from '../eras/legacy.ts'
import { GatewayError } from '../gateway-error.ts'
import {
  elements,
  isArray,
  isObject,
  isString,
  members,
  type Span,
  sourceOf,
  textOf,
} from '../wire/json-span.ts'
import { encodeMessage, type ResponseMessage } from '../wire/message.ts'
import type { ClientDescription } from './client-peer.ts'
import type { Connection } from './connection.ts'
import { withinStartupTimeout } from './deadline.ts'

const MAX_LIST_BYTES = 16 * 1024 * 1024

/**
 * The `initialize` of MCP up to 2025-11-25, in the client's own name, so that the server offers what this client
 * can use. Returns whether the server has tools. Throws SERVER_HANDSHAKE_FAILED or SERVER_ENDED.
 */
export async function initialize(
  connection: Connection,
  client: ClientDescription,
): Promise<{ hasTools: boolean }> {
  const reply = await connection.request('initialize', {
    protocolVersion: client.revision,
    capabilities: JSON.parse(client.capabilities),
    clientInfo: JSON.parse(client.clientInfo),
  })
  const result = resultMembers(connection, reply, 'initialize')
  const version = result.get('protocolVersion')
  if (!isString(reply.bytes, version) || !isLegacyRevision(textOf(reply.bytes, version))) {
    throw failed(connection, 'it speaks no protocol revision that mcplexer knows')
  }
  connection.notify(encodeMessage({ method: 'notifications/initialized' }))
  const capabilities = result.get('capabilities')
  return { hasTools: isObject(reply.bytes, capabilities) && members(reply.bytes, capabilities).has('tools') }
}

/**
 * All pages of `tools/list`: the JSON source of each tool, exactly as the server wrote it. Throws
 * SERVER_HANDSHAKE_FAILED when they make no list, and SERVER_START_FAILED when they take too long.
 */
export function listTools(connection: Connection): Promise<string[]> {
  const { server } = connection
  return withinStartupTimeout(server, allPages(connection), `server ${server.id}: tools/list was not answered`)
}

async function allPages(connection: Connection): Promise<string[]> {
  const tools: string[] = []
  let cursor: string | null = null
  for (let bytes = 0; bytes <= MAX_LIST_BYTES; ) {
    const reply = await connection.request('tools/list', cursor === null ? {} : { cursor })
    const result = resultMembers(connection, reply, 'tools/list')
    const listed = result.get('tools')
    if (!isArray(reply.bytes, listed)) throw failed(connection, 'its tools/list reply has no list')
    for (const tool of elements(reply.bytes, listed)) tools.push(sourceOf(reply.bytes, tool))
    const next = result.get('nextCursor')
    if (!isString(reply.bytes, next)) return tools
    if (textOf(reply.bytes, next) === cursor)
      throw failed(connection, 'its tools/list gives the same cursor twice')
    cursor = textOf(reply.bytes, next)
    bytes += reply.bytes.length
  }
  throw failed(connection, 'its tools/list is over 16 MiB')
}

function resultMembers(connection: Connection, reply: ResponseMessage, method: string): Map<string, Span> {
  if (reply.result !== null && isObject(reply.bytes, reply.result)) return members(reply.bytes, reply.result)
  throw failed(connection, `it answered ${method} with an error`)
}

function failed(connection: Connection, reason: string): GatewayError {
  return new GatewayError('SERVER_HANDSHAKE_FAILED', `server ${connection.server.id} cannot be used: ${reason}`)
}
