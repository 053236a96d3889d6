import { version } from '../../base/index.ts'
import type { ClientDescription } from '../downstream/client-peer.ts'
import { negotiateRevision } from '../eras/legacy.ts'
import { isObject, sourceOf } from '../wire/json-span.ts'
import { type RequestMessage, textParam } from '../wire/message.ts'

/** What the client says of itself; whatever it leaves out is taken as nothing. */
export function describeClient(request: RequestMessage): ClientDescription {
  return {
    revision: negotiateRevision(textParam(request, 'protocolVersion')),
    capabilities: objectParam(request, 'capabilities') ?? '{}',
    clientInfo: objectParam(request, 'clientInfo') ?? '{"name":"unknown","version":"0"}',
  }
}

/** MCP 2025-11-25, "Lifecycle: Initialization". `instructions` empty: none. */
export function initializeResult(client: ClientDescription, instructions: string): string {
  return JSON.stringify({
    protocolVersion: client.revision,
    capabilities: { tools: { listChanged: true } },
    serverInfo: { name: 'mcplexer', title: 'mcplexer', version },
    ...(instructions === '' ? {} : { instructions }),
  })
}

function objectParam(request: RequestMessage, name: string): string | null {
  const span = request.params.get(name)
  return isObject(request.bytes, span) ? sourceOf(request.bytes, span) : null
}
