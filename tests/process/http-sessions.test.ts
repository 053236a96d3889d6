import { describe, expect, test } from 'bun:test'
import { configOf, UNSHIELDED } from '../helpers/fixtures.ts'
import {
  eventsOf,
  HttpClient,
  type HttpEvent,
  HttpGateway,
  initialize,
  messagesOf,
} from '../helpers/http-client.ts'
import { eventually, isRunning } from '../helpers/processes.ts'
import { TempHome } from '../helpers/temp-home.ts'

const START = configOf([{ id: 'one', more: UNSHIELDED }])
const textOf = async (response: Response) => {
  const last = (await messagesOf(response)).at(-1)
  return (last?.result?.['content'] as { text: string }[] | undefined)?.[0]?.text
}
const take = async (events: AsyncGenerator<HttpEvent>, isLast: (event: HttpEvent) => boolean) => {
  const taken: HttpEvent[] = []
  for (;;) {
    const { done, value } = await events.next()
    if (done) return taken
    taken.push(value)
    if (isLast(value)) return taken
  }
}

describe('a session', () => {
  test('begins with initialize, is asked for by its id, and ends with DELETE', async () => {
    using home = new TempHome(START)
    await using gateway = await HttpGateway.start(home)

    const begun = await gateway.fetch('POST', {}, initialize())
    const id = begun.headers.get('Mcp-Session-Id') ?? ''
    expect(begun.headers.get('Content-Type')).toBe('application/json')
    expect(id).toMatch(/^[\w-]{22}$/)
    const ping = (headers: Record<string, string>) =>
      gateway.fetch('POST', headers, '{"jsonrpc":"2.0","id":1,"method":"ping"}')
    expect((await ping({})).status).toBe(400)
    expect((await ping({ 'Mcp-Session-Id': id, 'MCP-Protocol-Version': '1999-01-01' })).status).toBe(400)
    expect((await ping({ 'Mcp-Session-Id': id })).status).toBe(200)
    const unknown = await ping({ 'Mcp-Session-Id': 'A'.repeat(22) })
    expect([unknown.status, ((await unknown.json()) as { error: { code: number } }).error.code]).toEqual([
      404, -32001,
    ])
    expect((await gateway.fetch('DELETE', { 'Mcp-Session-Id': id })).status).toBe(200)
    expect((await ping({ 'Mcp-Session-Id': id })).status).toBe(404)
    for (const method of ['GET', 'DELETE']) expect((await gateway.fetch(method, {})).status).toBe(405)
  })

  test('answers one reply as JSON, byte for byte, and notifications with 202', async () => {
    using home = new TempHome(START)
    await using gateway = await HttpGateway.start(home)
    const client = await HttpClient.start(gateway)

    expect((await client.post({ method: 'notifications/initialized' })).status).toBe(202)
    const big = await client.call('one__big', { bytes: 5_000_000 })
    expect(big.headers.get('Content-Type')).toBe('application/json')
    expect((await textOf(big))?.length).toBe(5_000_000)
    const line = '{"result":{"n":1.50,"s":"\\u00e4"},"jsonrpc":"2.0" ,"id":$ID}'
    const raw = await (await client.call('one__raw', { line: `${line}\n` })).text()
    expect(raw).toBe(line.replace('$ID', '2'))
    expect((await messagesOf(await client.request('nope')))[0]?.error?.code).toBe(-32601)
  })

  test('a body over many lines is one message', async () => {
    using home = new TempHome(START)
    await using gateway = await HttpGateway.start(home)
    const { headers } = await HttpClient.start(gateway)
    const params = { name: 'one__echo', arguments: { message: 'a\nb' } }
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }, null, '\r\n  ')

    expect(await textOf(await gateway.fetch('POST', headers, body))).toBe('a\nb')
  })

  test('a batch gets all its replies, in 2025-03-26 only', async () => {
    using home = new TempHome(START)
    await using gateway = await HttpGateway.start(home)
    const { headers } = await HttpClient.start(gateway, {}, '2025-03-26')
    const batch = JSON.stringify([
      { jsonrpc: '2.0', id: 'a', method: 'ping' },
      { jsonrpc: '2.0', method: 'notifications/x' },
      { jsonrpc: '2.0', id: 'b', method: 'tools/list' },
    ])

    const replies = await messagesOf(await gateway.fetch('POST', headers, batch))
    expect(replies.map(({ id }) => id).sort()).toEqual(['a', 'b'])
    const newer = { ...headers, 'MCP-Protocol-Version': '2025-11-25' }
    expect((await gateway.fetch('POST', newer, batch)).status).toBe(400)
  })

  test('there are 200 of them at most', async () => {
    using home = new TempHome(configOf([]))
    await using gateway = await HttpGateway.start(home)
    const begun = await Promise.all(Array.from({ length: 201 }, () => gateway.fetch('POST', {}, initialize())))

    expect(begun.filter(({ status }) => status === 200)).toHaveLength(200)
    expect(begun.filter(({ status }) => status === 503)).toHaveLength(1)
  })
})

describe('streams', () => {
  test('progress comes as events, with ids and a priming event', async () => {
    using home = new TempHome(START)
    await using gateway = await HttpGateway.start(home)
    const client = await HttpClient.start(gateway)

    const response = await client.call('one__progress', {}, { progressToken: 'p' })
    expect(response.headers.get('Content-Type')).toBe('text/event-stream')
    expect(response.headers.get('X-Accel-Buffering')).toBe('no')
    const events = await take(eventsOf(response), () => false)
    expect(events.map(({ id }) => id)).toEqual(['1-0', '1-1', '1-2', '1-3', '1-4'])
    expect(events[0]?.data).toBe('')
    const messages = events.slice(1).map(({ data }) => JSON.parse(data))
    expect(messages.slice(0, 3).map(({ params }) => [params.progressToken, params.progress])).toEqual([
      ['p', 1],
      ['p', 2],
      ['p', 3],
    ])
    expect(messages[3].result.content[0].text).toBe('done')
  })

  test('a question of the server goes out on the stream of the call and is answered by a POST', async () => {
    using home = new TempHome(START)
    await using gateway = await HttpGateway.start(home)
    const client = await HttpClient.start(gateway, { elicitation: {} })

    const events = eventsOf(await client.call('one__ask', { method: 'elicitation/create' }))
    const asked = (await take(events, ({ data }) => data.includes('elicitation/create'))).at(-1)
    const answer = { id: JSON.parse(asked?.data ?? '').id, result: { action: 'accept', content: {} } }
    expect((await client.post(answer)).status).toBe(202)
    const last = (await take(events, () => false)).at(-1)
    expect(last?.data).toContain('accept')
  })

  test('GET takes what belongs to no request; there is one', async () => {
    using home = new TempHome(START)
    await using gateway = await HttpGateway.start(home)
    const client = await HttpClient.start(gateway)
    await textOf(await client.call('one__echo', { message: 'x' }))

    const leaving = new AbortController()
    const events = eventsOf(await client.get({}, leaving.signal))
    expect((await client.get()).status).toBe(409)
    await textOf(await client.call('one__grow', { name: 'more' }))
    const isChange = ({ data }: HttpEvent) => data.includes('notifications/tools/list_changed')
    expect((await take(events, isChange)).at(-1)?.id).toMatch(/^0-\d+$/)
    leaving.abort()
    await eventually(async () => (await client.get()).status === 200, 'there is room for another')
  })

  test('a lost stream goes on where it was, with its own messages only; the call was not cancelled', async () => {
    using home = new TempHome(START)
    await using gateway = await HttpGateway.start(home)
    const client = await HttpClient.start(gateway, { elicitation: {} })
    const leaving = new AbortController()
    const call = await client.call('one__ask', { method: 'elicitation/create' }, undefined, leaving.signal)
    const asked = (await take(eventsOf(call), ({ data }) => data !== '')).at(-1)
    leaving.abort()

    const answer = { id: JSON.parse(asked?.data ?? '').id, result: { action: 'decline' } }
    await client.post(answer)
    await textOf(await client.call('one__progress', {}, { progressToken: 'other' }))
    const resumed = await messagesOf(await client.get({ 'Last-Event-ID': asked?.id ?? '' }))

    expect(resumed).toHaveLength(1)
    expect(JSON.stringify(resumed[0]?.result)).toContain('decline')
    const all = await messagesOf(await client.get({ 'Last-Event-ID': '1-0' }))
    expect(all).toHaveLength(2)
    expect((await client.get({ 'Last-Event-ID': '99-1' })).status).toBe(400)
  })

  test('readers that do not read hold up no other call', async () => {
    using home = new TempHome(START)
    await using gateway = await HttpGateway.start(home)
    const client = await HttpClient.start(gateway)
    const unread = await Promise.all(
      Array.from({ length: 8 }, () => client.call('one__big', { bytes: 5_000_000 })),
    )

    expect(await textOf(await client.call('one__echo', { message: 'fine' }))).toBe('fine')
    for (const response of unread) await response.body?.cancel()
  })
})

describe('the end', () => {
  test('SIGTERM ends streams, servers and the process', async () => {
    using home = new TempHome(START)
    await using gateway = await HttpGateway.start(home)
    const client = await HttpClient.start(gateway)
    const listening = await client.get()
    const server = JSON.parse((await textOf(await client.call('one__environment'))) ?? '').pid

    gateway.process.kill('SIGTERM')

    expect(await gateway.process.exited).toBe(0)
    await messagesOf(listening).catch(() => [])
    await eventually(() => !isRunning(server), 'the server is gone')
  })
})
