import { log, type Secret } from '../../../base/index.ts'
import { MAX_LINE_BYTES } from '../../wire/framing.ts'
import type { Outlet } from '../outlet.ts'
import type { ClientSession } from '../session.ts'
import { type Bound, problem, refusal } from './guard.ts'
import { LegacySessions } from './legacy-sessions.ts'
import { isModern, postModern } from './modern.ts'
import { isAuthorized } from './token.ts'

export interface HttpOptions {
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  readonly token: Secret
  openSession(home: Outlet): ClientSession
}

const PATH = '/mcp'
const NOWHERE: Outlet = { send: () => undefined, room: () => undefined, end: () => undefined }

export interface HttpServer {
  readonly url: string
  close(): Promise<void>
}

/** Streamable HTTP, both eras, on one path. Throws what the system says when the port is taken. */
export function listenHttp({ host, port, token, openSession }: HttpOptions): HttpServer {
  const legacy = new LegacySessions(openSession)
  const modern = openSession(NOWHERE)
  const server = Bun.serve({
    hostname: host,
    port,
    idleTimeout: 0,
    maxRequestBodySize: MAX_LINE_BYTES,
    fetch: (request) => answer(request, bound()),
    error: () => problem(500, 'mcplexer: internal error'),
  })
  const bound = (): Bound => ({ host, port: server.port ?? port })
  const answer = async (request: Request, to: Bound): Promise<Response> => {
    const refused = refusal(request, to, (header) => isAuthorized(header, token.reveal()))
    if (refused !== null) return refused
    if (new URL(request.url).pathname !== PATH) return problem(404, `the endpoint is ${PATH}`)
    if (request.method === 'POST') return post(request, legacy, modern)
    if (!request.headers.has('mcp-session-id')) return problem(405, 'use POST', { allow: 'POST' })
    return request.method === 'GET' ? legacy.get(request) : legacy.delete(request)
  }
  log.debug('listening')
  return {
    url: `http://${host}:${server.port}${PATH}`,
    close: async () => {
      await Promise.all([legacy.close(), modern.close()])
      await server.stop(true)
    },
  }
}

async function post(request: Request, legacy: LegacySessions, modern: ClientSession): Promise<Response> {
  const body = new Uint8Array(await request.arrayBuffer())
  return isModern(request, body) ? postModern(request, body, modern) : legacy.post(request, body)
}
