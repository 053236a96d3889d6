import { kindOfMethod, type ListKind } from '../catalog/kinds.ts'
import { type Caller, refuseToAsk } from '../downstream/caller.ts'
import type { Flight } from '../downstream/flight.ts'
import type { ClientDescription } from '../eras/client.ts'
import { isAtLeast, isLogLevel } from '../eras/levels.ts'
import { DISCOVER, type Envelope, LISTEN, META, MODERN_REVISION, readEnvelope } from '../eras/modern.ts'
import { SERVER_INFO } from '../eras/server-info.ts'
import { errorReply, failedRequest, methodNotFound } from '../rpc-error.ts'
import {
  encodeResult,
  isGiven,
  type NotificationMessage,
  type RequestMessage,
  textParam,
} from '../wire/message.ts'
import { restoreToken } from '../wire/relabel.ts'
import { RPC } from '../wire/rpc-codes.ts'
import { type ClientKind, ClientKinds, clientInfoOf } from './client-kinds.ts'
import { Flights } from './flights.ts'
import type { Outlet } from './outlet.ts'
import type { Service, ServiceDeps } from './service.ts'

/** Of the older revisions, and gone in this one. */
const REMOVED = new Set([
  'resources/subscribe',
  'resources/unsubscribe',
  'logging/setLevel',
  'ping',
  'initialize',
])

/** Clients of MCP 2026-07-28: no session, every request says who asks, and what that client can do. */
export class ModernDesk {
  /** On it all requests share one channel, and ids are unique; elsewhere each request has an outlet of its own. */
  readonly #home: Outlet
  readonly #flights = new Map<Outlet, Flights>()
  readonly #kinds: ClientKinds

  constructor(deps: ServiceDeps, home: Outlet) {
    this.#home = home
    this.#kinds = new ClientKinds(deps)
  }

  /** The reply, or null when there is none. */
  async serve(request: RequestMessage, envelope: Envelope, outlet: Outlet): Promise<Uint8Array | null> {
    const flights = this.#flights.get(outlet) ?? new Flights()
    this.#flights.set(outlet, flights)
    const flight = flights.begin(request)
    if (flight === null)
      return errorReply(request, RPC.invalidRequest, 'a request with this id is still in flight')
    const reply = await this.#reply(request, envelope, flight, outlet).catch((error) =>
      failedRequest(request, error),
    )
    flights.end(request)
    if (outlet !== this.#home) this.#flights.delete(outlet)
    return flight.isCancelled ? null : reply
  }

  /** A promise while the servers read too slowly for what its clients ask. */
  inputRoom(): void | Promise<void> {
    return this.#flights.get(this.#home)?.room()
  }

  cancelled(notification: NotificationMessage): void {
    this.#flights.get(this.#home)?.cancel(notification)
  }

  /** The client has closed the stream of its request. */
  abandon(outlet: Outlet): void {
    this.#flights.get(outlet)?.cancelAll()
  }

  async toolSource(request: RequestMessage): Promise<string | null> {
    const envelope = readEnvelope(request)
    const name = textParam(request, 'name')
    if (envelope === null || name === null || problemOf(request, envelope) !== null) return null
    const view = await this.#kinds.of(envelope)?.service.view()
    return view?.lists.catalog.find('tools', name)?.source ?? null
  }

  /** Every open one is told. */
  endSubscriptions(): void {
    this.#kinds.closeListeners()
  }

  async close(): Promise<void> {
    this.#kinds.closeListeners()
    for (const flights of this.#flights.values()) flights.cancelAll()
    await this.#kinds.close()
  }

  async #reply(
    request: RequestMessage,
    envelope: Envelope,
    flight: Flight,
    outlet: Outlet,
  ): Promise<Uint8Array | null> {
    const problem = problemOf(request, envelope)
    if (problem !== null) return problem
    const kind = this.#kinds.of(envelope)
    if (kind === null) return errorReply(request, RPC.internalError, 'too many kinds of clients at once')
    kind.requests++
    try {
      return await this.#replyTo(request, envelope, kind, flight, outlet)
    } finally {
      kind.requests--
    }
  }

  async #replyTo(
    request: RequestMessage,
    envelope: Envelope,
    { service, listeners }: ClientKind,
    flight: Flight,
    outlet: Outlet,
  ): Promise<Uint8Array | null> {
    if (request.method === DISCOVER) return encodeResult(request, discovered(service))
    // those who can do the same share a service, whoever has begun it
    const client = { ...service.client, clientInfo: clientInfoOf(envelope) }
    if (request.method === LISTEN) return listeners.listen(request, client, flight, outlet)
    const listed = kindOfMethod(request.method)
    if (listed !== null) return list(request, listed, service)
    if (REMOVED.has(request.method)) return methodNotFound(request)
    const caller = this.#callerOf(request, envelope, outlet, client)
    return (await service.view()).call(request, caller, flight)
  }

  #callerOf(
    request: RequestMessage,
    { logLevel }: Envelope,
    outlet: Outlet,
    client: ClientDescription,
  ): Caller {
    return {
      client,
      logLevel,
      isOneOfMany: outlet !== this.#home,
      isAway: false,
      room: () => outlet.room(),
      ask: (_question, waiting) =>
        refuseToAsk(waiting, RPC.methodNotFound, 'this revision has no requests of servers'),
      notify: (notification) => {
        if (notification.method !== 'notifications/message') return outlet.send(notification.bytes)
        const isWanted = logLevel !== null && isAtLeast(textParam(notification, 'level'), logLevel)
        return isWanted ? outlet.send(notification.bytes) : undefined
      },
      progress: (notification) => {
        const line = restoreToken(notification, request)
        return line === null ? undefined : outlet.send(line)
      },
    }
  }
}

/** MCP 2026-07-28, "Overview: Per-request protocol fields" and "Versioning". Null when there is none. */
function problemOf(request: RequestMessage, { revision, capabilities, logLevel }: Envelope): Uint8Array | null {
  if (revision === null) return errorReply(request, RPC.invalidParams, `_meta has no ${META.revision}`)
  if (revision !== MODERN_REVISION) {
    const data = { supported: [MODERN_REVISION], requested: revision }
    return errorReply(request, RPC.unsupportedVersion, 'Unsupported protocol version', data)
  }
  if (capabilities === null) return errorReply(request, RPC.invalidParams, `_meta has no ${META.capabilities}`)
  if (logLevel !== null && !isLogLevel(logLevel))
    return errorReply(request, RPC.invalidParams, 'Invalid log level')
  return null
}

function discovered(service: Service): string {
  const { capabilities, instructions } = service.opening()
  const told = instructions === '' ? '' : `,"instructions":${JSON.stringify(instructions)}`
  const versions = JSON.stringify([MODERN_REVISION])
  return `{"resultType":"complete","supportedVersions":${versions},"capabilities":${capabilities}${told},"ttlMs":0,"cacheScope":"private","_meta":{"${META.serverInfo}":${SERVER_INFO}}}`
}

async function list(request: RequestMessage, kind: ListKind, service: Service): Promise<Uint8Array> {
  if (isGiven(request, 'cursor')) return errorReply(request, RPC.invalidParams, 'Invalid cursor')
  return encodeResult(request, await service.list(kind))
}
