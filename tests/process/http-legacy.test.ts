import { afterEach, expect, test } from 'bun:test'
import { HttpServer } from '../../src/gateway/http.ts'
import type { HttpSession } from '../../src/gateway/upstream/http/http-session.ts'
import type { Outlet } from '../../src/gateway/upstream/outlet.ts'
import { eventsOf, initialize } from '../helpers/http-client.ts'
import { eventually } from '../helpers/processes.ts'

const encode = (message: object) => new TextEncoder().encode(JSON.stringify({ jsonrpc: '2.0', ...message }))
const servers: HttpServer[] = []
afterEach(() => Promise.all(servers.splice(0).map((server) => server.close())))

/** Answers everything with an empty result. */
class EchoSession implements HttpSession {
  readonly home: Outlet
  isClosed = false

  constructor(home: Outlet) {
    this.home = home
  }

  receive(line: Uint8Array, outlet: Outlet = this.home): void {
    const { id } = JSON.parse(new TextDecoder().decode(line))
    if (id === undefined) return
    void outlet.send(encode({ id, result: {} }))
    outlet.end()
  }

  abandon(): void {}

  async toolSource(): Promise<string | null> {
    return null
  }

  async close(): Promise<void> {
    this.isClosed = true
  }
}

async function start(idleMs: number) {
  const sessions: EchoSession[] = []
  const server = new HttpServer({
    address: { hostname: '127.0.0.1', port: 0 },
    authorize: (token) => token,
    limits: { maxSessions: 2, idleMs },
    openSession: (home) => {
      const session = new EchoSession(home)
      sessions.push(session)
      return session
    },
  })
  servers.push(server)
  const send = (method: string, headers: Record<string, string> = {}, body?: string, bearer = 'a') =>
    fetch(server.url, {
      method,
      headers: {
        Authorization: `Bearer ${bearer}`,
        'Content-Type': 'application/json',
        Accept: 'application/json, text/event-stream',
        ...headers,
      },
      ...(body === undefined ? {} : { body }),
    })
  const begin = async () =>
    (await send('POST', {}, initialize())).headers.get('Mcp-Session-Id') ?? 'there is none'
  return { sessions, send, begin }
}

const PING = '{"jsonrpc":"2.0","id":1,"method":"ping"}'

test('a session that nobody uses ends; one with an open stream stays', async () => {
  const { sessions, send, begin } = await start(300)
  const unused = await begin()
  const listening = await begin()
  const stream = await send('GET', { 'Mcp-Session-Id': listening })
  expect((await send('POST', {}, initialize())).status).toBe(503)

  await eventually(() => sessions[0]?.isClosed === true, 'the first has ended')

  // one that begins only now has ended too: the idle time went by for the second as well
  await begin()
  await eventually(() => sessions[2]?.isClosed === true, 'the third has ended')
  expect(sessions[1]?.isClosed).toBe(false)
  expect((await send('POST', { 'Mcp-Session-Id': unused }, PING)).status).toBe(404)
  await stream.body?.cancel()
  await eventually(() => sessions[1]?.isClosed === true, 'the second has ended')
})

test('a session is unknown to another token, and ends with its streams once that is the valid one', async () => {
  const { sessions, send, begin } = await start(60_000)
  const id = await begin()
  const events = eventsOf(await send('GET', { 'Mcp-Session-Id': id }))

  expect((await send('POST', { 'Mcp-Session-Id': id }, PING, 'b')).status).toBe(404)
  expect((await send('DELETE', { 'Mcp-Session-Id': id }, undefined, 'b')).status).toBe(404)

  expect(sessions[0]?.isClosed).toBe(true)
  expect((await Array.fromAsync(events)).map(({ data }) => data).join('')).toBe('')
})

test('what came before the GET stream waits for it, once', async () => {
  const { sessions, send, begin } = await start(60_000)
  const headers = { 'Mcp-Session-Id': await begin() }
  await sessions[0]?.home.send(encode({ method: 'early' }))

  const first = await send('GET', headers)
  const events = eventsOf(first)
  await events.next()
  expect((await events.next()).value?.data).toContain('early')
  const resumed = eventsOf(await send('GET', { ...headers, 'Last-Event-ID': '0-1' }))
  await sessions[0]?.home.send(encode({ method: 'later' }))
  await resumed.next()
  expect((await resumed.next()).value?.data).toContain('later')
  expect(await Array.fromAsync(events)).toEqual([])
})

test('line breaks of a message never break an event', async () => {
  const { sessions, send, begin } = await start(60_000)
  const events = eventsOf(await send('GET', { 'Mcp-Session-Id': await begin() }))
  await sessions[0]?.home.send(new TextEncoder().encode('{"jsonrpc":"2.0",\r\n"method":"a\\nb"}'))
  await events.next()

  expect((await events.next()).value?.data).toBe('{"jsonrpc":"2.0",  "method":"a\\nb"}')
})
