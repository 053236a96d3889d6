import { GatewayError } from '../../gateway-error.ts'

/** Where to listen; port 0 is any free one. */
export interface HttpAddress {
  readonly hostname: string
  readonly port: number
}

const DEFAULT: HttpAddress = { hostname: '127.0.0.1', port: 3333 }
const MAX_PORT = 65_535
const LOOPBACK_NAMES = ['127.0.0.1', 'localhost', '[::1]']
const HOST_AND_PORT = /^(?:(\[[0-9a-f:.]+\]|[a-z0-9.-]+):|:)?(\d+)$/i

/**
 * `PORT`, `:PORT` (both on 127.0.0.1) or `HOST:PORT`; IPv6 in brackets. Any other address than the loopback has to be
 * written out. Throws HTTP_ADDRESS_INVALID.
 */
export function parseAddress(text: string | undefined): HttpAddress {
  if (text === undefined) return DEFAULT
  const [, host = DEFAULT.hostname, port = ''] = HOST_AND_PORT.exec(text) ?? []
  if (port === '') throw invalid('the address is not HOST:PORT')
  if (Number(port) > MAX_PORT) throw invalid(`a port is a number from 0 (any free one) to ${MAX_PORT}`)
  return { hostname: host === 'localhost' ? DEFAULT.hostname : host.toLowerCase(), port: Number(port) }
}

function invalid(message: string): GatewayError {
  return new GatewayError('HTTP_ADDRESS_INVALID', message, { hint: 'mcplexer serve --http 127.0.0.1:3333' })
}

export function isLoopback(hostname: string): boolean {
  return LOOPBACK_NAMES.includes(hostname)
}

/**
 * Whether a `Host` header names this server. A page of a rebound DNS name sends that name; an address typed as digits
 * cannot be rebound, so a server that was opened to a network takes those too. MCP 2025-11-25, "Security Warning".
 */
export function isOwnHost(header: string | null, bound: HttpAddress): boolean {
  const [, name, port] = /^(\[[0-9a-f:.]+\]|[^:]+)(?::(\d+))?$/i.exec(header?.toLowerCase() ?? '') ?? []
  if (name === undefined || Number(port ?? 80) !== bound.port) return false
  return isLoopback(name) || (!isLoopback(bound.hostname) && (name === bound.hostname || isNumeric(name)))
}

export function isLoopbackOrigin(origin: string): boolean {
  return /^https?:\/\//i.test(origin) && isLoopback(URL.parse(origin)?.hostname ?? '')
}

function isNumeric(name: string): boolean {
  return name.startsWith('[') || /^\d+(\.\d+){3}$/.test(name)
}
