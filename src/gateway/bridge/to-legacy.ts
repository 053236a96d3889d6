import type { Forwarding } from '../downstream/connection.ts'
import type { ServerLink } from '../downstream/link.ts'
import { inputRequiredSource, readUrlElicitations } from '../eras/input-required.ts'
import { META } from '../eras/modern.ts'
import type { SessionMemory } from '../session-memory.ts'
import { type Edit, insertion, removals, replaceWith, splice } from '../wire/json-edit.ts'
import { fieldsOf, isObject, sourceOf } from '../wire/json-span.ts'
import { encodeResult, type RequestMessage, type ResponseMessage, textParam } from '../wire/message.ts'
import { RPC } from '../wire/rpc-codes.ts'
import { HeldCall } from './held-call.ts'
import type { HeldCalls } from './held-calls.ts'

/** What a modern client puts into `_meta` for a modern server alone. */
const OWN_META = new Set<string>([META.revision, META.clientInfo, META.capabilities, META.logLevel])
const RETRY_PARAMS = new Set(['inputResponses', 'requestState'])

/**
 * A modern client's request to a legacy server. Whatever the server asks meanwhile becomes the reply; the client's
 * retry, which is known by its `requestState`, goes on with the same call. Gives the line for the client.
 */
export async function callLegacy(
  link: ServerLink,
  request: RequestMessage,
  { edits, flight, caller }: Forwarding,
  { heldCalls, memory }: { readonly heldCalls: HeldCalls; readonly memory: SessionMemory },
): Promise<Uint8Array> {
  if (caller.logLevel !== null) link.wantLogLevel(caller.logLevel)
  const state = textParam(request, 'requestState')
  const held = state === null ? start() : heldCalls.resume(state, request, caller)
  if (state !== null) flight.sent()
  flight.whenCancelled((notification) => held.cancel(notification))
  const outcome = await held.next()
  if (outcome.kind === 'reply') {
    memory.remember(link.server.id, outcome.reply)
    return completed(outcome.reply, request)
  }
  const requestState = heldCalls.hold(held, request)
  return encodeResult(request, inputRequiredSource(outcome.questions, requestState))

  function start(): HeldCall {
    const started = new HeldCall(caller, () => flight.sent())
    const further = [...edits, ...forLegacy(request)]
    started.follow((following) =>
      link.connection.forward(request, { edits: further, flight: following, caller: started }),
    )
    return started
  }
}

/** Without the envelope, and without answers to elicitations by URL, which a legacy server learns of by itself. */
function forLegacy({ bytes, params, paramsSpan }: RequestMessage): Edit[] {
  const meta = params.get('_meta')
  if (paramsSpan === null || !isObject(bytes, meta)) return []
  return [...removals(bytes, meta, OWN_META), ...removals(bytes, paramsSpan, RETRY_PARAMS)]
}

/** MCP 2026-07-28 wants a type on every result, and hints for caching on a resource. */
function completed(reply: ResponseMessage, request: RequestMessage): Uint8Array {
  const elicitations = readUrlElicitations(reply)
  if (elicitations !== null) return encodeResult(request, inputRequiredSource(elicitations, null))
  const id = replaceWith(reply.id, sourceOf(request.bytes, request.id))
  return splice(reply.bytes, [id, ...(reply.error === null ? typed(reply, request.method) : modernCode(reply))])
}

function typed({ bytes, result }: ResponseMessage, method: string): Edit[] {
  const fields = fieldsOf(bytes, result)
  if (result === null || fields === null) return []
  const wanted = method === 'resources/read' ? { ...COMPLETE, ...UNCACHED } : COMPLETE
  const missing = Object.entries(wanted).filter(([name]) => !fields.has(name))
  const source = missing.map(([name, value]) => `"${name}":${value}`).join(',')
  return missing.length === 0 ? [] : [insertion(bytes, result, source)]
}

const COMPLETE = { resultType: '"complete"' }
const UNCACHED = { ttlMs: '0', cacheScope: '"private"' }

/** -32002 (resource not found) must not be sent in the new revision; it is -32602 there. */
function modernCode({ bytes, error }: ResponseMessage): Edit[] {
  const code = fieldsOf(bytes, error)?.get('code')
  const isNotFound = code !== undefined && Number(sourceOf(bytes, code)) === RPC.resourceNotFound
  return isNotFound ? [replaceWith(code, String(RPC.invalidParams))] : []
}
