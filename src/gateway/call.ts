import type { Config, Server } from '../config/index.ts'
import type { HeldCalls } from './bridge/held-calls.ts'
import { callLegacy } from './bridge/to-legacy.ts'
import { callModern } from './bridge/to-modern.ts'
import type { CallRecorder } from './call-record.ts'
import type { Catalog } from './catalog/catalog.ts'
import { cancelledError } from './downstream/call-errors.ts'
import type { Caller } from './downstream/caller.ts'
import type { Forwarding } from './downstream/connection.ts'
import type { Flight } from './downstream/flight.ts'
import type { ServerLink } from './downstream/link.ts'
import { GatewayError } from './gateway-error.ts'
import { findRoute, type Route } from './route.ts'
import { failedCall, notThere } from './rpc-error.ts'
import type { SessionMemory } from './session-memory.ts'
import { type RequestMessage, textParam } from './wire/message.ts'
import { restoreId } from './wire/relabel.ts'

/** What is on record even when nobody has what it names. */
const NAMING = new Set(['tools/call', 'prompts/get', 'resources/read', 'completion/complete'])

/** What leads from a request to its server, for calls and subscriptions. */
export interface Way {
  readonly config: Config
  readonly catalog: Catalog
  readonly memory: SessionMemory
  readonly recorder: CallRecorder
  /** Throws VAULT_LOCKED. */
  checkLock(server: Server): void
  acquire(server: Server): Promise<ServerLink>
}

interface CallDeps extends Way {
  readonly heldCalls: HeldCalls
  /** Settles when the lists are there that are being fetched just now; null when none are. */
  listing(): Promise<void> | null
  /** Told of what is ours and not the server's, which the reply can only put into words. */
  onFailure(error: unknown): void
}

/**
 * The hallway: one request from the client's message to the reply, on record whatever comes of it. Credentials are
 * opened only when the server has to be started (downstream/starter.ts), and what leaves a server passes the leak guard
 * (downstream/passage.ts, by redact.ts). Null when the client called it back: then there is no reply.
 */
export async function relay(
  deps: CallDeps,
  request: RequestMessage,
  caller: Caller,
  flight: Flight,
): Promise<Uint8Array | null> {
  const route = findRoute(request, deps) ?? (await routeOnceListed(request, deps))
  if (route === null) return unroutable(request, deps, caller)
  const startedMs = performance.now()
  try {
    const link = await reach(deps, route)
    if (flight.isCancelled) throw cancelledError()
    const reply = await exchange(deps, link, request, { edits: route.edits, flight, caller })
    deps.recorder.done(request, route, startedMs, reply)
    return reply
  } catch (error) {
    deps.onFailure(error)
    const reply = flight.isCancelled ? null : failedCall(request, error, caller.client.era)
    deps.recorder.done(request, route, startedMs, reply, error)
    return reply
  }
}

/**
 * The server of a route, running, once it may be used and its use can be put on record. Not `async`: no request may
 * overtake another on its way.
 */
export function reach({ recorder, checkLock, acquire }: Way, { server }: Route): Promise<ServerLink> {
  recorder.check()
  checkLock(server)
  return acquire(server)
}

/** It may name what its server has just come to have, and has told us of. */
async function routeOnceListed(request: RequestMessage, deps: CallDeps): Promise<Route | null> {
  const listing = deps.listing()
  if (listing === null) return null
  await listing
  return findRoute(request, deps)
}

/** On record. What is withheld is named as such, as a person can mend it. */
function unroutable(request: RequestMessage, deps: CallDeps, { client }: Caller): Uint8Array {
  const startedMs = performance.now()
  const name = request.method === 'tools/call' ? textParam(request, 'name') : null
  const server = name === null ? null : deps.catalog.withholder(name)
  if (server === null) {
    const reply = notThere(request, client.era)
    if (NAMING.has(request.method)) deps.recorder.unknown(request, startedMs, reply)
    return reply
  }
  const error = withheldError(server)
  deps.onFailure(error)
  const reply = failedCall(request, error, client.era)
  deps.recorder.done(request, { server }, startedMs, reply, error)
  return reply
}

function withheldError({ id }: Server): GatewayError {
  return new GatewayError('PIN_WITHHELD', `this tool is new or another one since server ${id} was first seen`, {
    hint: `a person has to look at it: mcplexer tools review ${id}`,
  })
}

/** Within one era messages pass as they are; between the eras a bridge says them in the other's words. */
async function exchange(
  deps: CallDeps,
  link: ServerLink,
  request: RequestMessage,
  forwarding: Forwarding,
): Promise<Uint8Array> {
  const { era } = forwarding.caller.client
  if (era === 'modern' && link.era === 'legacy') return callLegacy(link, request, forwarding, deps)
  const isBridged = era === 'legacy' && link.era === 'modern'
  const reply = await (isBridged
    ? callModern(link, request, forwarding)
    : link.connection.forward(request, forwarding))
  deps.memory.remember(link.server.id, reply)
  return restoreId(reply, request)
}
