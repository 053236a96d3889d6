import { isLegacyRevision } from '../../eras/legacy.ts'
import { type Message, readMessage, splitBatch } from '../../wire/message.ts'
import type { Outlet } from '../outlet.ts'
import type { ClientSession } from '../session.ts'
import { problem } from './guard.ts'
import { LegacyHttpSession } from './legacy-session.ts'

const MAX_SESSIONS = 200
const IDLE_MS = 30 * 60_000
const LOOK_MS = 60_000
const SESSION_NOT_FOUND = -32001

/** All legacy sessions of one token. */
export class LegacySessions {
  readonly #openSession: (home: Outlet) => ClientSession
  readonly #sessions = new Map<string, LegacyHttpSession>()
  readonly #timer: Timer

  constructor(openSession: (home: Outlet) => ClientSession) {
    this.#openSession = openSession
    this.#timer = setInterval(() => this.#endIdle(), LOOK_MS)
    this.#timer.unref()
  }

  async post(request: Request, body: Uint8Array): Promise<Response> {
    const messages = messagesIn(body)
    const hasRequest = messages === null || messages.some(({ kind }) => kind === 'request')
    const isInitialize = messages?.some(
      (message) => message.kind === 'request' && message.method === 'initialize',
    )
    if (isInitialize && !request.headers.has('mcp-session-id')) return this.#begin(body)
    const found = this.#find(request)
    return found instanceof Response ? found : found.post(body, hasRequest)
  }

  get(request: Request): Response {
    const found = this.#find(request)
    return found instanceof Response ? found : found.get(request.headers.get('last-event-id'))
  }

  async delete(request: Request): Promise<Response> {
    const found = this.#find(request)
    if (found instanceof Response) return found
    this.#sessions.delete(found.id)
    await found.close()
    return new Response(null, { status: 200 })
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await Promise.all([...this.#sessions.values()].map((session) => session.close()))
  }

  #begin(body: Uint8Array): Promise<Response> | Response {
    if (this.#sessions.size >= MAX_SESSIONS) return problem(503, `there are ${MAX_SESSIONS} sessions already`)
    const session = new LegacyHttpSession(this.#openSession)
    this.#sessions.set(session.id, session)
    return session.post(body, true)
  }

  #find({ headers }: Request): LegacyHttpSession | Response {
    const revision = headers.get('mcp-protocol-version')
    if (revision !== null && !isLegacyRevision(revision)) return problem(400, 'Unsupported protocol version')
    const id = headers.get('mcp-session-id')
    if (id === null) return problem(400, 'Bad Request: Mcp-Session-Id header is required')
    return this.#sessions.get(id) ?? problem(404, 'Session not found', {}, SESSION_NOT_FOUND)
  }

  #endIdle(): void {
    for (const session of this.#sessions.values()) {
      if (!session.isIdle || performance.now() - session.lastUsedMs < IDLE_MS) continue
      this.#sessions.delete(session.id)
      void session.close()
    }
  }
}

/** Null when it cannot be read: then the session has words for it. */
function messagesIn(body: Uint8Array): Message[] | null {
  try {
    return (splitBatch(body) ?? [body]).map(readMessage)
  } catch {
    return null
  }
}
