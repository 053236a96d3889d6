import { isLegacyRevision } from '../../eras/legacy.ts'
import type { Message, RequestMessage } from '../../wire/message.ts'
import { RPC } from '../../wire/rpc-codes.ts'
import { methodNotAllowed } from './admission.ts'
import type { OpenSession } from './http-session.ts'
import { LegacySession, requestedRevision } from './legacy-session.ts'
import { accepted, refusal } from './refusal.ts'
import { SessionTable, type TableLimits } from './session-table.ts'

const SESSION_HEADER = 'Mcp-Session-Id'
/** The only revision with batches, and the one that a request without a version header is of. */
const BATCH_REVISION = '2025-03-26'

/** One POST body, read. */
export interface Post {
  readonly parts: readonly Message[]
  readonly isBatch: boolean
}

/** Streamable HTTP of MCP 2025-03-26, 2025-06-18 and 2025-11-25: sessions that begin with `initialize`. */
export class LegacyEndpoint {
  readonly #table: SessionTable
  readonly #openSession: OpenSession

  constructor(openSession: OpenSession, limits?: TableLimits) {
    this.#openSession = openSession
    this.#table = new SessionTable(limits)
  }

  async post(request: Request, bearer: string, post: Post): Promise<Response> {
    const refused = refusedRevision(request, post.isBatch)
    if (refused !== null) return refused
    const first = post.parts.find(isInitialize)
    if (first !== undefined && request.headers.get(SESSION_HEADER) === null)
      return post.parts.length > 1
        ? refusal(400, 'initialize must stand alone', { code: RPC.invalidRequest })
        : this.#begin(request, bearer, first)
    const session = this.#sessionOf(request, bearer)
    return session instanceof Response ? session : answer(session, request, post)
  }

  get(request: Request, bearer: string): Response {
    if (request.headers.get(SESSION_HEADER) === null) return methodNotAllowed('POST')
    const session = refusedRevision(request, false) ?? this.#sessionOf(request, bearer)
    if (session instanceof Response) return session
    const lastEventId = request.headers.get('Last-Event-ID')
    return lastEventId === null ? session.listen() : session.resume(lastEventId)
  }

  async delete(request: Request, bearer: string): Promise<Response> {
    if (request.headers.get(SESSION_HEADER) === null) return methodNotAllowed('POST')
    const session = refusedRevision(request, false) ?? this.#sessionOf(request, bearer)
    if (session instanceof Response) return session
    await this.#table.end(session)
    return new Response(null, { status: 200 })
  }

  endOthers(bearer: string): void {
    this.#table.endOthers(bearer)
  }

  close(): Promise<void> {
    return this.#table.close()
  }

  async #begin(request: Request, bearer: string, message: RequestMessage): Promise<Response> {
    if (this.#table.isFull)
      return refusal(503, 'there are too many sessions', { headers: { 'Retry-After': '60' } })
    const session = new LegacySession(bearer, requestedRevision(message), this.#openSession)
    this.#table.add(session)
    return session.serve(message, request.signal, { [SESSION_HEADER]: session.id })
  }

  #sessionOf({ headers }: Request, bearer: string): LegacySession | Response {
    const id = headers.get(SESSION_HEADER)
    if (id === null) return refusal(400, `${SESSION_HEADER} is missing; a session begins with initialize`)
    const session = this.#table.find(id, bearer)
    return session ?? refusal(404, 'Session not found', { code: RPC.sessionUnknown })
  }
}

async function answer(session: LegacySession, request: Request, post: Post): Promise<Response> {
  const [only] = post.parts
  if (!post.isBatch && only?.kind === 'request') return session.serve(only, request.signal)
  if (post.parts.some(({ kind }) => kind === 'request')) return session.serveBatch(post.parts)
  for (const { bytes } of post.parts) session.take(bytes)
  return accepted()
}

/** MCP 2025-11-25, "Protocol Version Header". */
function refusedRevision({ headers }: Request, isBatch: boolean): Response | null {
  const revision = headers.get('MCP-Protocol-Version') ?? BATCH_REVISION
  if (!isLegacyRevision(revision)) return refusal(400, 'this MCP-Protocol-Version is not served')
  const isRefused = isBatch && revision !== BATCH_REVISION
  return isRefused ? refusal(400, `only ${BATCH_REVISION} has batches`, { code: RPC.invalidRequest }) : null
}

function isInitialize(message: Message): message is RequestMessage {
  return message.kind === 'request' && message.method === 'initialize'
}
