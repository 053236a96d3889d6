import type { ClientDescription, Era } from '../eras/client.ts'
import { isLegacyRevision, LATEST_LEGACY_REVISION } from '../eras/legacy.ts'
import { DISCOVER, envelopeSource, MODERN_REVISION } from '../eras/modern.ts'
import type { Offer } from '../eras/offer.ts'
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
import type { Connection } from './connection.ts'

/** Some legacy servers never answer what comes before `initialize`. */
const PROBE_MS = 3000
/** Bytes as they are written. */
const MAX_INSTRUCTIONS = 32 * 1024
const MAX_CAPABILITIES = 64 * 1024

/**
 * Finds out which era the server is of, in the client's own name, so that the server offers what this client can
 * use. `first`: the era to ask in. MCP 2026-07-28, "stdio: Backward Compatibility". Throws SERVER_HANDSHAKE_FAILED,
 * or SERVER_ENDED when the server goes away over it.
 */
export function shakeHands(connection: Connection, client: ClientDescription, first: Era): Promise<Offer> {
  return first === 'legacy' ? legacyFirst(connection, client) : modernFirst(connection, client)
}

async function legacyFirst(connection: Connection, client: ClientDescription): Promise<Offer> {
  const offer = await initialize(connection, client)
  if (offer !== null) return offer
  return modernOffer(await discover(connection, client)) ?? fail(connection)
}

async function modernFirst(connection: Connection, client: ClientDescription): Promise<Offer> {
  const probe = discover(connection, client)
  const early = await Promise.race([probe, Bun.sleep(PROBE_MS).then(() => null)])
  const modern = modernOffer(early)
  if (modern !== null) return modern
  // a slow server of both eras has got both questions by now, and goes by the last
  const legacy = await initialize(connection, client)
  if (legacy !== null) return legacy
  return (early === null ? modernOffer(await probe) : null) ?? fail(connection)
}

/** MCP 2025-11-25, "Lifecycle: Initialization". Null when the server answers with an error. */
async function initialize(connection: Connection, client: ClientDescription): Promise<Offer | null> {
  const revision = client.era === 'legacy' ? client.revision : LATEST_LEGACY_REVISION
  const params = `{"protocolVersion":"${revision}","capabilities":${client.capabilities},"clientInfo":${client.clientInfo}}`
  const reply = await connection.request('initialize', params)
  const result = resultOf(reply)
  if (result === null) return null
  const version = result.get('protocolVersion')
  if (!isString(reply.bytes, version) || !isLegacyRevision(textOf(reply.bytes, version)))
    return fail(connection)
  connection.notify(encodeMessage({ method: 'notifications/initialized' }))
  return offerFrom('legacy', reply.bytes, result)
}

function discover(connection: Connection, client: ClientDescription): Promise<ResponseMessage> {
  const asking = connection.request(DISCOVER, `{"_meta":{${envelopeSource(client)}}}`)
  asking.catch(() => undefined)
  return asking
}

/** MCP 2026-07-28, "Discovery". Null for an error, and for a server that does not speak our revision. */
function modernOffer(reply: ResponseMessage | null): Offer | null {
  const result = reply === null ? null : resultOf(reply)
  if (reply === null || result === null) return null
  const versions = result.get('supportedVersions')
  if (!isArray(reply.bytes, versions)) return null
  const isSpoken = elements(reply.bytes, versions).some(
    (version) => isString(reply.bytes, version) && textOf(reply.bytes, version) === MODERN_REVISION,
  )
  return isSpoken ? offerFrom('modern', reply.bytes, result) : null
}

function offerFrom(era: Era, bytes: Uint8Array, result: ReadonlyMap<string, Span>): Offer {
  const capabilities = result.get('capabilities')
  const instructions = result.get('instructions')
  return {
    era,
    capabilities:
      isObject(bytes, capabilities) && lengthOf(capabilities) <= MAX_CAPABILITIES
        ? sourceOf(bytes, capabilities)
        : '{}',
    instructions: isString(bytes, instructions) ? shortened(bytes, instructions) : '',
  }
}

/** They go into every client's context. */
function shortened(bytes: Uint8Array, instructions: Span): string {
  const isShort = lengthOf(instructions) <= MAX_INSTRUCTIONS
  return isShort ? textOf(bytes, instructions) : '(its instructions are too long and were left out)'
}

function lengthOf({ start, end }: Span): number {
  return end - start
}

function resultOf(reply: ResponseMessage): ReadonlyMap<string, Span> | null {
  return reply.result !== null && isObject(reply.bytes, reply.result)
    ? members(reply.bytes, reply.result)
    : null
}

function fail(connection: Connection): never {
  throw new GatewayError(
    'SERVER_HANDSHAKE_FAILED',
    `server ${connection.server.id} cannot be used: it speaks no protocol revision that mcplexer knows`,
  )
}
