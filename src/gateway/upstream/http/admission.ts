import { type HttpAddress, isLoopbackOrigin, isOwnHost } from './address.ts'
import { refusal } from './refusal.ts'

/** Gives what the bearer is known by, or null when the token is not ours. */
export type Authorize = (token: string) => string | null

const METHODS = 'GET, POST, DELETE'
/** RFC 6750, section 2.1; the scheme has no case (RFC 9110, section 11.1). */
const BEARER = /^bearer +([\w.~+/=-]+)$/i

/**
 * What is asked of every request before anything of its body is read, the cheapest attack first. Gives the refusal,
 * or what the bearer is known by. There are no CORS headers anywhere: no page of another origin can read an answer.
 */
export function admit(request: Request, bound: HttpAddress, authorize: Authorize): Response | string {
  const { headers, method } = request
  if (!isOwnHost(headers.get('Host'), bound)) return refusal(403, 'this host name is not served')
  const origin = headers.get('Origin')
  if (origin !== null && !isLoopbackOrigin(origin)) return refusal(403, 'this origin is not served')
  if (!METHODS.split(', ').includes(method)) return methodNotAllowed(METHODS)
  const token = BEARER.exec(headers.get('Authorization') ?? '')?.[1]
  const bearer = token === undefined ? null : authorize(token)
  if (bearer === null) return unauthorized(token !== undefined)
  if (new URL(request.url).pathname !== '/mcp') return refusal(404, 'the endpoint is /mcp')
  return refusedMedia(request) ?? bearer
}

export function methodNotAllowed(allowed: string): Response {
  return refusal(405, 'this method is not served', { headers: { Allow: allowed } })
}

/** RFC 6750, section 3: `error` only when a token was sent. */
function unauthorized(hasToken: boolean): Response {
  const challenge = hasToken ? 'Bearer realm="mcplexer", error="invalid_token"' : 'Bearer realm="mcplexer"'
  return refusal(401, 'send the token that `mcplexer token show` prints, as a bearer token', {
    headers: { 'WWW-Authenticate': challenge },
  })
}

function refusedMedia({ headers, method }: Request): Response | null {
  if (method === 'POST' && mediaTypes(headers.get('Content-Type'))[0] !== 'application/json')
    return refusal(415, 'the body must be application/json')
  const accepted = mediaTypes(headers.get('Accept'))
  const wanted = { POST: ['application/json', 'text/event-stream'], GET: ['text/event-stream'] }[method] ?? []
  const isMissing = wanted.some((type) => !accepted.includes(type))
  return isMissing ? refusal(406, `Accept must list ${wanted.join(' and ')}`) : null
}

function mediaTypes(header: string | null): string[] {
  return (header ?? '').split(',').map((entry) => (entry.split(';')[0] ?? '').trim().toLowerCase())
}
