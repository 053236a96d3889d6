import { encodeMessage } from '../../wire/message.ts'

export interface Bound {
  readonly host: string
  readonly port: number
}

const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]'])

/**
 * What must be true of a request before a byte of its body is read, in this order: the host is ours and the origin
 * too (a web page that points its own name at 127.0.0.1 has neither), the token is right, the body is JSON. Null when
 * it is. MCP 2026-07-28, "Streamable HTTP: Security"; RFC 9110.
 */
export function refusal(
  request: Request,
  bound: Bound,
  isAuthorized: (header: string | null) => boolean,
): Response | null {
  const { headers, method } = request
  if (!isOurHost(headers.get('host'), bound)) return problem(403, 'the Host header is not ours')
  const origin = headers.get('origin')
  if (origin !== null && !isOurOrigin(origin)) return problem(403, 'the Origin is not allowed')
  if (!isAuthorized(headers.get('authorization'))) {
    return problem(401, 'a bearer token is needed; `mcplexer token show` prints it', {
      'www-authenticate': 'Bearer',
    })
  }
  if (!['POST', 'GET', 'DELETE'].includes(method))
    return problem(405, 'use POST', { allow: 'POST, GET, DELETE' })
  if (method === 'POST' && mediaType(headers.get('content-type')) !== 'application/json')
    return problem(415, 'the content type must be application/json')
  const wanted = method === 'POST' ? ['application/json', 'text/event-stream'] : ['text/event-stream']
  const accept = headers.get('accept') ?? ''
  const isAcceptable =
    method === 'DELETE' || accept.includes('*/*') || wanted.every((type) => accept.includes(type))
  return isAcceptable ? null : problem(406, `the client must accept ${wanted.join(' and ')}`)
}

/** A JSON-RPC error without an id under an HTTP status. */
export function problem(
  status: number,
  message: string,
  headers: Record<string, string> = {},
  code = -32000,
): Response {
  const body = encodeMessage({ error: { code, message }, id: null })
  return new Response(body, { status, headers: { 'content-type': 'application/json', ...headers } })
}

function isOurHost(host: string | null, { host: bound, port }: Bound): boolean {
  if (host === null) return false
  const [, name = '', given] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(host) ?? []
  const isOurName = LOOPBACK.has(name.toLowerCase()) || name === bound || (bound === '0.0.0.0' && name !== '')
  return isOurName && Number(given ?? 80) === port
}

function isOurOrigin(origin: string): boolean {
  try {
    const { protocol, hostname } = new URL(origin)
    return /^https?:$/.test(protocol) && LOOPBACK.has(hostname)
  } catch {
    return false
  }
}

function mediaType(header: string | null): string {
  return (header ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''
}
