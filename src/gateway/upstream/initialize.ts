import type { Opening } from '../catalog/store.ts'
import type { ClientDescription } from '../eras/client.ts'
import { negotiateRevision } from '../eras/legacy.ts'
import { SERVER_INFO } from '../eras/server-info.ts'
import { isObject, sourceOf } from '../wire/json-span.ts'
import { type RequestMessage, textParam } from '../wire/message.ts'

/** What the client says of itself; whatever it leaves out is taken as nothing. */
export function describeClient(request: RequestMessage): ClientDescription {
  return {
    era: 'legacy',
    revision: negotiateRevision(textParam(request, 'protocolVersion')),
    capabilities: objectParam(request, 'capabilities') ?? '{}',
    clientInfo: objectParam(request, 'clientInfo') ?? '{"name":"unknown","version":"0"}',
  }
}

/** MCP 2025-11-25, "Lifecycle: Initialization". */
export function initializeResult({ revision }: ClientDescription, opening: Opening): string {
  const { capabilities, instructions } = opening
  const told = instructions === '' ? '' : `,"instructions":${JSON.stringify(instructions)}`
  return `{"protocolVersion":"${revision}","capabilities":${capabilities},"serverInfo":${SERVER_INFO}${told}}`
}

function objectParam(request: RequestMessage, name: string): string | null {
  const span = request.params.get(name)
  return isObject(request.bytes, span) ? sourceOf(request.bytes, span) : null
}
