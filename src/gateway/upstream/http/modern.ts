import { LISTEN, MODERN_REVISION, readEnvelope } from '../../eras/modern.ts'
import { isObject, members, sourceOf } from '../../wire/json-span.ts'
import { encodeError, type Message, type RequestMessage, readMessage, textParam } from '../../wire/message.ts'
import type { ClientSession } from '../session.ts'
import { problem } from './guard.ts'
import { decodeHeader } from './header-value.ts'
import { parameterMismatch } from './parameter-headers.ts'
import { jsonResponse, ReplyOutlet, type Stream } from './reply-outlet.ts'
import { SseResponse } from './sse.ts'

const HEADER_MISMATCH = -32020
const KEEP_ALIVE_MS = 15_000
/** Which parameter `Mcp-Name` repeats. */
const NAMED_BY: Record<string, string> = {
  'tools/call': 'name',
  'prompts/get': 'name',
  'resources/read': 'uri',
}

/** Whether a POST is of MCP 2026-07-28 or later: by its header, or by what its body says. */
export function isModern(request: Request, body: Uint8Array): boolean {
  const revision = request.headers.get('mcp-protocol-version')
  if (revision !== null && revision >= MODERN_REVISION) return true
  const message = messageIn(body)
  return message?.kind === 'request' && readEnvelope(message) !== null
}

/** One modern POST: no session, its stream is closed to call it back. MCP 2026-07-28, "Streamable HTTP". */
export async function postModern(
  request: Request,
  body: Uint8Array,
  session: ClientSession,
): Promise<Response> {
  const message = messageIn(body)
  if (message === null) return problem(400, 'Parse error', {}, -32700)
  if (message.kind === 'response') return problem(400, 'this revision has no responses of clients')
  if (message.kind === 'notification') {
    await session.receive(body)
    return new Response(null, { status: 202 })
  }
  const mismatch =
    mismatchOf(request.headers, message) ?? (await parameterMismatch(request.headers, message, session))
  if (mismatch !== null) {
    return jsonResponse(
      encodeError(message, { code: HEADER_MISMATCH, message: `Header mismatch: ${mismatch}` }),
      {},
      400,
    )
  }
  const outlet = new ReplyOutlet(
    () => openStream(() => session.abandon(outlet)),
    (line) => jsonResponse(line, {}, statusOf(line, message)),
  )
  request.signal.addEventListener('abort', () => session.abandon(outlet))
  if (message.method === LISTEN) outlet.stream()
  void session.receive(body, outlet, true)
  return outlet.response
}

/** What of the standard headers differs from the body, in words; null when nothing does. */
function mismatchOf(headers: Headers, message: RequestMessage): string | null {
  const revision = headers.get('mcp-protocol-version')
  const said = readEnvelope(message)?.revision ?? null
  if (revision === null) return 'MCP-Protocol-Version is missing'
  if (said !== null && revision !== said) return `MCP-Protocol-Version ${revision} is not what the body says`
  const method = headers.get('mcp-method')
  if (method !== message.method)
    return `Mcp-Method is ${method ?? 'missing'}, and the body says ${message.method}`
  const parameter = NAMED_BY[message.method]
  if (parameter === undefined) return null
  const name = decodeHeader(headers.get('mcp-name'))
  return name === textParam(message, parameter)
    ? null
    : `Mcp-Name is ${name ?? 'missing'}, and the body says otherwise`
}

function openStream(onGone: () => void): Stream {
  const connection = new SseResponse({}, () => {
    clearInterval(timer)
    onGone()
  })
  const timer = setInterval(() => connection.comment(), KEEP_ALIVE_MS)
  return {
    response: connection.response,
    send: (line) => connection.event(line, null),
    room: () => connection.room(),
    end: () => {
      clearInterval(timer)
      connection.close()
    },
  }
}

/** "Protocol Version Header" and "Overview: Per-request protocol fields" give some errors a status of their own. */
function statusOf(reply: Uint8Array, request: RequestMessage): number {
  const message = messageIn(reply)
  if (message?.kind !== 'response' || message.error === null || !isObject(reply, message.error)) return 200
  const code = members(reply, message.error).get('code')
  const number = code === undefined ? 0 : Number(sourceOf(reply, code))
  if (number === -32601) return 404
  const envelope = readEnvelope(request)
  const isIncomplete = envelope === null || envelope.revision === null || envelope.capabilities === null
  return isIncomplete || (number <= -32020 && number >= -32099) ? 400 : 200
}

function messageIn(body: Uint8Array): Message | null {
  try {
    return readMessage(body)
  } catch {
    return null
  }
}
