import type { Config } from '../config/index.ts'
import type { Catalog } from './catalog/catalog.ts'
import type { Flight } from './downstream/flight.ts'
import type { Pool } from './downstream/pool.ts'
import { findRoute, type Route } from './route.ts'
import { errorReply, failedCall, RPC, unknownTool } from './upstream/rpc-error.ts'
import type { Edit } from './wire/json-span.ts'
import { type RequestMessage, replaceWith, textParam } from './wire/message.ts'
import { restoreId } from './wire/relabel.ts'

export interface CallDeps {
  readonly config: Config
  readonly catalog: Catalog
  readonly pool: Pool
}

/**
 * The hallway: one `tools/call` from the client's message to the reply. Credentials are opened by the pool, and
 * only when the server has to be started. Null when the client called it back: then there is no reply.
 */
export async function callTool(
  deps: CallDeps,
  request: RequestMessage,
  flight: Flight,
): Promise<Uint8Array | null> {
  const name = textParam(request, 'name')
  if (name === null) return errorReply(request, RPC.invalidParams, 'params.name must be a string')
  const route = findRoute(name, deps.config, deps.catalog)
  if (route === null) return unknownTool(request, name)
  try {
    const connection = await deps.pool.acquire(route.server)
    if (flight.isCancelled) return null
    const reply = await connection.forward(request, { edits: renaming(request, route, name), flight })
    return restoreId(reply, request)
  } catch (error) {
    return flight.isCancelled ? null : failedCall(request, error)
  }
}

function renaming(request: RequestMessage, route: Route, name: string): Edit[] {
  const span = request.params.get('name')
  return span === undefined || route.tool === name ? [] : [replaceWith(span, JSON.stringify(route.tool))]
}
