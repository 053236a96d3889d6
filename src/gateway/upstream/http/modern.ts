import { LISTEN, META } from '../../eras/modern.ts'
import { fieldsOf, isObject, isString, textOf } from '../../wire/json-span.ts'
import { type Message, type RequestMessage, readMessage } from '../../wire/message.ts'
import { onOneLine } from '../../wire/one-line.ts'
import { RPC } from '../../wire/rpc-codes.ts'
import type { Outlet } from '../outlet.ts'
import { encodeEvent } from './event-store.ts'
import { Exchange } from './exchange.ts'
import type { HttpSession, OpenSession } from './http-session.ts'
import { mismatchedHeader } from './metadata-headers.ts'
import { mismatchedParam } from './param-headers.ts'
import { accepted, JSON_HEADERS, refusal, refusedRequest } from './refusal.ts'
import { SseConnection } from './sse-connection.ts'

/** Errors that are an HTTP status too. MCP 2026-07-28, "Protocol Version Header" and "Per-request protocol fields". */
const STATUS_OF = new Map<number, number>([
  [RPC.methodNotFound, 404],
  [RPC.headerMismatch, 400],
  [RPC.capabilityMissing, 400],
  [RPC.unsupportedVersion, 400],
])
const MAX_ERROR_BYTES = 64 * 1024
const OPENED = new TextEncoder().encode(': \n\n')
/** Every message of this era belongs to a request. */
const NOWHERE: Outlet = { send: () => undefined, room: () => undefined, end: () => undefined }

/** Streamable HTTP of MCP 2026-07-28: every POST stands alone, and a closed answer is a cancellation. */
export class ModernEndpoint {
  readonly #openSession: OpenSession
  #bearer = ''
  #session: HttpSession | null = null

  constructor(openSession: OpenSession) {
    this.#openSession = openSession
  }

  async post(request: Request, bearer: string, message: Message): Promise<Response> {
    if (message.kind === 'notification') return accepted()
    if (message.kind === 'response')
      return refusal(400, 'responses are not taken', { code: RPC.invalidRequest })
    const session = this.#sessionOf(bearer)
    const refused = await this.#refused(request.headers, message, session)
    return refused ?? serve(session, request.signal, message)
  }

  async close(): Promise<void> {
    await this.#session?.close()
  }

  #sessionOf(bearer: string): HttpSession {
    if (this.#session !== null && this.#bearer === bearer) return this.#session
    void this.#session?.close()
    this.#bearer = bearer
    this.#session = this.#openSession(NOWHERE)
    return this.#session
  }

  async #refused(headers: Headers, message: RequestMessage, session: HttpSession): Promise<Response | null> {
    const version = versionInBody(message)
    if (version === null)
      return refusedRequest(message, 400, RPC.invalidParams, `params._meta lacks ${META.revision}`)
    const header =
      mismatchedHeader(headers, message, version) ?? (await this.#mismatchedParam(headers, message, session))
    if (header === null) return null
    const text = `Header mismatch: ${header} is missing or does not say what the body says`
    return refusedRequest(message, 400, RPC.headerMismatch, text)
  }

  async #mismatchedParam(
    headers: Headers,
    message: RequestMessage,
    session: HttpSession,
  ): Promise<string | null> {
    if (message.method !== 'tools/call') return null
    return mismatchedParam(headers, message, await session.toolSource(message))
  }
}

/** The protocol version that a request of this era names in its body; null: it is of another era, or malformed. */
export function versionInBody(message: Message): string | null {
  if (message.kind === 'response') return null
  const version = message.meta.get(META.revision)
  return isString(message.bytes, version) ? textOf(message.bytes, version) : null
}

function serve(session: HttpSession, client: AbortSignal, message: RequestMessage): Promise<Response> {
  const leave = (): void => {
    if (exchange.isOver) return
    exchange.abandon()
    session.abandon(exchange)
  }
  const isListening = message.method === LISTEN
  const exchange = new Exchange({
    reply: (line) => replyOf(message, line, isListening),
    stream: () => streamOf(leave),
  })
  client.addEventListener('abort', leave)
  void session.receive(message.bytes, exchange)
  return exchange.response
}

function replyOf(request: RequestMessage, line: Uint8Array, isListening: boolean): Response {
  const code = errorCodeOf(line)
  if (isListening && code === null) return streamOf(() => undefined, line).response
  const isMalformed = code === RPC.invalidParams && lacksFields(request)
  return new Response(line, {
    status: isMalformed ? 400 : (STATUS_OF.get(code ?? 0) ?? 200),
    headers: JSON_HEADERS,
  })
}

function streamOf(onLost: () => void, only?: Uint8Array): { outlet: Outlet; response: Response } {
  const connection = new SseConnection(OPENED, onLost)
  const outlet: Outlet = {
    send: (line) => connection.write(encodeEvent(null, onOneLine(line))),
    room: () => connection.room(),
    end: () => connection.end(),
  }
  if (only !== undefined) {
    void outlet.send(only)
    outlet.end()
  }
  return { outlet, response: connection.response }
}

function lacksFields(request: RequestMessage): boolean {
  return !isObject(request.bytes, request.meta.get(META.capabilities))
}

/** Null for results, and for errors too long to be one of those that matter here. */
function errorCodeOf(line: Uint8Array): number | null {
  if (line.length > MAX_ERROR_BYTES) return null
  const message = readMessage(line)
  const code = message.kind === 'response' ? fieldsOf(line, message.error)?.get('code') : undefined
  return code === undefined ? null : Number(new TextDecoder().decode(line.subarray(code.start, code.end)))
}
