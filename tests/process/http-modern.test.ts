import { afterEach, describe, expect, test } from 'bun:test'
import { HttpServer } from '../../src/gateway/http.ts'
import type { HttpSession } from '../../src/gateway/upstream/http/http-session.ts'
import type { Outlet } from '../../src/gateway/upstream/outlet.ts'
import { type RequestMessage, textParam } from '../../src/gateway/wire/message.ts'
import { eventsOf, messagesOf } from '../helpers/http-client.ts'
import { eventually } from '../helpers/processes.ts'

const VERSION = '2026-07-28'
const META = {
  'io.modelcontextprotocol/protocolVersion': VERSION,
  'io.modelcontextprotocol/clientCapabilities': {},
}
const servers: HttpServer[] = []
afterEach(() => Promise.all(servers.splice(0).map((server) => server.close())))

interface Received {
  readonly message: { id: number; method: string; params: Record<string, unknown> }
  readonly outlet: Outlet
}

/** A session that a test plays itself. */
class FakeSession implements HttpSession {
  readonly received: Received[] = []
  readonly abandoned: Outlet[] = []
  tool: (name: string) => string | null = () => null
  onReceive: (received: Received) => void = ({ message, outlet }) => reply(outlet, message.id, { result: {} })

  receive(line: Uint8Array, outlet: Outlet): void {
    const received = { message: JSON.parse(new TextDecoder().decode(line)), outlet }
    this.received.push(received)
    this.onReceive(received)
  }

  abandon(outlet: Outlet): void {
    this.abandoned.push(outlet)
  }

  async toolSource(request: RequestMessage): Promise<string | null> {
    return this.tool(textParam(request, 'name') ?? '')
  }

  async close(): Promise<void> {}
}

function send(outlet: Outlet, message: object): void | Promise<void> {
  return outlet.send(new TextEncoder().encode(JSON.stringify({ jsonrpc: '2.0', ...message })))
}

function reply(outlet: Outlet, id: number, body: object): void {
  void send(outlet, { id, ...body })
  outlet.end()
}

function start(toolSource: (name: string) => string | null = () => null) {
  const session = new FakeSession()
  session.tool = toolSource
  const server = new HttpServer({
    address: { hostname: '127.0.0.1', port: 0 },
    authorize: (token) => (token === 'secret' ? 'me' : null),
    openSession: () => session,
  })
  servers.push(server)
  const post = (
    method: string,
    params: object = {},
    headers: Record<string, string | null> = {},
    signal: AbortSignal | null = null,
  ) => {
    const all: Record<string, string | null> = {
      Authorization: 'Bearer secret',
      'Content-Type': 'application/json',
      Accept: 'application/json, text/event-stream',
      'MCP-Protocol-Version': VERSION,
      'Mcp-Method': method,
      ...headers,
    }
    const kept = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== null)
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { _meta: META, ...params } })
    return fetch(server.url, { method: 'POST', headers: kept, body, signal })
  }
  const outcome = async (...args: Parameters<typeof post>) => {
    const response = await post(...args)
    return [response.status, (await messagesOf(response)).at(-1)?.error?.code]
  }
  return { session, server, post, outcome }
}

describe('headers that mirror the body', () => {
  test('each must be there and say the same', async () => {
    const { session, outcome } = start()
    const call = { name: 'a__b', arguments: {} }

    expect(await outcome('tools/call', call, { 'Mcp-Name': 'a__b' })).toEqual([200, undefined])
    expect(await outcome('tools/call', call, { 'Mcp-Name': '=?base64?YV9fYg==?=' })).toEqual([200, undefined])
    for (const name of [null, 'A__B', '=?base64?YV9fYg=?=', '=?base64?YV9f*g==?=', '=?BASE64?YV9fYg==?='])
      expect(await outcome('tools/call', call, { 'Mcp-Name': name })).toEqual([400, -32020])
    expect(await outcome('resources/read', { uri: 'x:y' }, { 'Mcp-Name': 'x:y' })).toEqual([200, undefined])
    expect(await outcome('tools/list', {}, { 'Mcp-Method': null })).toEqual([400, -32020])
    expect(await outcome('tools/list', {}, { 'Mcp-Method': 'tools/call' })).toEqual([400, -32020])
    for (const version of [null, '2025-11-25', '2031-01-01'])
      expect(await outcome('tools/list', {}, { 'MCP-Protocol-Version': version })).toEqual([400, -32020])
    expect(session.received).toHaveLength(3)
  })

  // SEP-2663, "Streamable HTTP: Routing Headers"
  test.each(['tasks/get', 'tasks/update', 'tasks/cancel'])(
    'that of %s is the id of the task',
    async (method) => {
      const { outcome } = start()
      const named = (name: string | null) => outcome(method, { taskId: 'task-ä' }, { 'Mcp-Name': name })

      expect(await named('=?base64?dGFzay3DpA==?=')).toEqual([200, undefined])
      for (const name of [null, 'another']) expect(await named(name)).toEqual([400, -32020])
    },
  )

  test('Mcp-Param headers are asked for where the tool says so', async () => {
    const annotated = { type: 'string', 'x-mcp-header': 'Region' }
    const nested = { type: 'object', properties: { n: { type: 'integer', 'x-mcp-header': 'Count' } } }
    const inputSchema = { type: 'object', properties: { region: annotated, deep: nested } }
    const { outcome } = start((name) => (name === 't' ? JSON.stringify({ name, inputSchema }) : null))
    const call = (args: object, headers: Record<string, string>, name = 't') =>
      outcome('tools/call', { name, arguments: args }, { 'Mcp-Name': name, ...headers })

    expect(await call({ region: 'eu' }, { 'Mcp-Param-Region': 'eu' })).toEqual([200, undefined])
    expect(await call({ region: 'ä' }, { 'mcp-param-region': '=?base64?w6Q=?=' })).toEqual([200, undefined])
    expect(await call({ deep: { n: 42 } }, { 'Mcp-Param-Count': '42.0' })).toEqual([200, undefined])
    expect(await call({ region: null }, { 'Mcp-Param-Other': 'x' })).toEqual([200, undefined])
    expect(await call({ region: 'eu' }, {}, 'unknown')).toEqual([200, undefined])
    expect(await call({ region: 'eu' }, {})).toEqual([400, -32020])
    expect(await call({ region: 'eu' }, { 'Mcp-Param-Region': 'us' })).toEqual([400, -32020])
    expect(await call({ deep: { n: 42 } }, { 'Mcp-Param-Count': '0x2a' })).toEqual([400, -32020])
    expect(await call({}, { 'Mcp-Param-Region': 'eu' })).toEqual([400, -32020])
    const large = { deep: { n: 2 ** 53 } }
    expect(await call(large, { 'Mcp-Param-Count': '9007199254740992' })).toEqual([200, undefined])
    expect(await call(large, { 'Mcp-Param-Count': '9007199254740993' })).toEqual([400, -32020])
  })
})

describe('answers', () => {
  test('errors of the protocol are HTTP errors too, errors of a call are not', async () => {
    const { session, outcome } = start()
    const failing = async (code: number, params: object = {}) => {
      session.onReceive = ({ message, outlet }) => reply(outlet, message.id, { error: { code, message: 'm' } })
      return outcome('tools/list', params)
    }

    expect(await failing(-32601)).toEqual([404, -32601])
    expect(await failing(-32602)).toEqual([200, -32602])
    expect(await failing(-32021)).toEqual([400, -32021])
    expect(await failing(-32022)).toEqual([400, -32022])
    const incomplete = { _meta: { 'io.modelcontextprotocol/protocolVersion': VERSION } }
    expect(await failing(-32602, incomplete)).toEqual([400, -32602])
    expect(await outcome('tools/list', { _meta: {} })).toEqual([400, -32602])
  })

  test('messages before the reply make a stream, which cannot be resumed', async () => {
    const { session, post } = start()
    session.onReceive = ({ message, outlet }) => {
      void send(outlet, { method: 'notifications/progress', params: { progress: 1 } })
      reply(outlet, message.id, { result: { n: 1 } })
    }

    const response = await post('tools/list')
    expect(response.headers.get('Content-Type')).toBe('text/event-stream')
    const events = await Array.fromAsync(eventsOf(response))
    expect(events.map(({ id }) => id)).toEqual([null, null])
    expect(JSON.parse(events[1]?.data ?? '').result).toEqual({ n: 1 })
  })

  test('subscriptions/listen is a stream whatever comes first', async () => {
    const { post } = start()
    const response = await post('subscriptions/listen')

    expect(response.headers.get('Content-Type')).toBe('text/event-stream')
    expect((await messagesOf(response))[0]?.result).toEqual({})
  })

  test('GET and DELETE are 405, notifications 202, responses 400', async () => {
    const { session, server, post } = start()
    const headers = {
      Authorization: 'Bearer secret',
      'Content-Type': 'application/json',
      Accept: 'application/json, text/event-stream',
      'MCP-Protocol-Version': VERSION,
    }
    for (const method of ['GET', 'DELETE'])
      expect((await fetch(server.url, { method, headers })).status).toBe(405)
    const bodies = ['{"jsonrpc":"2.0","method":"notifications/x"}', '{"jsonrpc":"2.0","id":1,"result":{}}']
    const statuses = bodies.map(
      async (body) => (await fetch(server.url, { method: 'POST', headers, body })).status,
    )
    expect(await Promise.all(statuses)).toEqual([202, 400])
    expect((await post('ping', {}, { 'Mcp-Session-Id': 'ignored' })).headers.get('Mcp-Session-Id')).toBeNull()
    expect(session.received).toHaveLength(1)
  })
})

describe('a client that leaves', () => {
  test('cancels its request, before and after the stream began', async () => {
    const { session, post } = start()
    session.onReceive = () => undefined
    const leaving = new AbortController()
    const unanswered = post('tools/list', {}, {}, leaving.signal).catch(() => null)
    await eventually(() => session.received.length === 1, 'the request is there')
    leaving.abort()
    await unanswered
    await eventually(() => session.abandoned.length === 1, 'it was abandoned')

    session.onReceive = ({ outlet }) => void send(outlet, { method: 'notifications/message' })
    const response = await post('tools/list')
    await response.body?.cancel()
    await eventually(() => session.abandoned.length === 2, 'the second was abandoned')
    expect(session.abandoned).toEqual(session.received.map(({ outlet }) => outlet))
  })

  test('who was answered is not called back', async () => {
    const { session, server, post, outcome } = start()
    expect(await outcome('tools/list')).toEqual([200, undefined])
    session.onReceive = ({ message, outlet }) => {
      void send(outlet, { method: 'notifications/message' })
      reply(outlet, message.id, { result: { text: 'x'.repeat(8 * 1024 * 1024) } })
    }
    await outcome('tools/list')
    const unread = await post('tools/list')
    await unread.body?.cancel()
    // ends their connections, which is the last moment to be called back
    await server.close()

    expect(session.abandoned).toEqual([])
  })

  test('a reader that does not read makes the sender wait, and going lets it go on', async () => {
    const { session, post, outcome } = start()
    const answer = session.onReceive
    let sent = 0
    let isDone = false
    session.onReceive = async ({ outlet }) => {
      for (; sent < 64; sent++) await send(outlet, { method: 'm', params: { text: 'x'.repeat(1024 * 1024) } })
      isDone = true
    }
    const response = await post('tools/list')
    session.onReceive = answer
    const standsWhileOthersAreServed = async () => {
      const before = sent
      for (let n = 0; n < 20; n++) await outcome('tools/list')
      return sent === before
    }
    await eventually(standsWhileOthersAreServed, 'the sender waits')
    expect(sent).toBeLessThan(32)

    await response.body?.cancel()
    await eventually(() => isDone, 'the sender was let go')
  })
})
