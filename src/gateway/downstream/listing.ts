import type { ClientDescription } from '../eras/client.ts'
import { envelopeSource } from '../eras/modern.ts'
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
import type { ResponseMessage } from '../wire/message.ts'
import { withinStartupTimeout } from './deadline.ts'
import type { ServerLink } from './link.ts'

const MAX_LIST_BYTES = 16 * 1024 * 1024
const MAX_ITEMS = 20_000

/** The request, and the member of its result. */
interface List {
  readonly method: string
  readonly member: string
}

/** One list of a server: the JSON source of each item as the server wrote it. */
export interface ServerList {
  readonly items: readonly string[]
  /** How long it may be taken for fresh, in milliseconds; a legacy server does not say. */
  readonly ttlMs: number
}

/**
 * All pages of a list. Throws SERVER_HANDSHAKE_FAILED when they make no list, and SERVER_START_FAILED when they take
 * longer than `startup_timeout_sec`.
 */
export async function fetchList(link: ServerLink, client: ClientDescription, list: List): Promise<ServerList> {
  const late = `server ${link.server.id}: ${list.method} was not answered`
  const over = new AbortController()
  try {
    return await withinStartupTimeout(link.server, allPages(link, client, list, over.signal), late)
  } finally {
    over.abort()
  }
}

async function allPages(
  link: ServerLink,
  client: ClientDescription,
  { method, member }: List,
  signal: AbortSignal,
): Promise<ServerList> {
  const items: string[] = []
  let cursor: string | null = null
  let ttlMs = Number.POSITIVE_INFINITY
  for (let bytes = 0; ; ) {
    const reply = await link.connection.request(method, paramsOf(link, client, cursor))
    if (signal.aborted) throw failed(link, `its ${method} takes too long`)
    bytes += reply.bytes.length
    if (bytes > MAX_LIST_BYTES) throw failed(link, `its ${method} is over 16 MiB`)
    const result = resultMembers(link, reply, method)
    const listed = result.get(member)
    if (!isArray(reply.bytes, listed)) throw failed(link, `its ${method} reply has no list`)
    for (const item of itemsOf(reply, listed, MAX_ITEMS - items.length)) items.push(item)
    ttlMs = Math.min(ttlMs, ttlOf(reply, result.get('ttlMs')))
    const next = result.get('nextCursor')
    if (!isString(reply.bytes, next)) return { items, ttlMs }
    if (textOf(reply.bytes, next) === cursor) throw failed(link, `its ${method} gives the same cursor twice`)
    cursor = textOf(reply.bytes, next)
  }

  function itemsOf({ bytes }: ResponseMessage, listed: Span, limit: number): string[] {
    try {
      return elements(bytes, listed, limit).map((item) => sourceOf(bytes, item))
    } catch {
      throw failed(link, `its ${method} has over ${MAX_ITEMS} items`)
    }
  }
}

function paramsOf(link: ServerLink, client: ClientDescription, cursor: string | null): string {
  const meta = link.era === 'modern' ? [`"_meta":{${envelopeSource(client)}}`] : []
  const position = cursor === null ? [] : [`"cursor":${JSON.stringify(cursor)}`]
  return `{${[...meta, ...position].join(',')}}`
}

function ttlOf(reply: ResponseMessage, span: Span | undefined): number {
  const ttl = span === undefined ? 0 : Number(sourceOf(reply.bytes, span))
  return Number.isFinite(ttl) && ttl > 0 ? ttl : 0
}

function resultMembers(link: ServerLink, reply: ResponseMessage, method: string): Map<string, Span> {
  if (reply.result !== null && isObject(reply.bytes, reply.result)) return members(reply.bytes, reply.result)
  throw failed(link, `it answered ${method} with an error`)
}

function failed({ server }: ServerLink, reason: string): GatewayError {
  return new GatewayError('SERVER_HANDSHAKE_FAILED', `server ${server.id} cannot be used: ${reason}`)
}
