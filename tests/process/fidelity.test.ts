import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { configOf, UNSHIELDED } from '../helpers/fixtures.ts'
import { eventsOf, HttpClient, HttpGateway, messagesOf } from '../helpers/http-client.ts'
import { RawClient } from '../helpers/mcp-client.ts'
import { ModernClient } from '../helpers/modern-client.ts'
import { TempHome } from '../helpers/temp-home.ts'

const oneServer = () => new TempHome(configOf([{ id: 'one' }]))
const logged = (level: string) =>
  `${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/message', params: { level, data: level } })}\n`
const REPLY = '{"jsonrpc":"2.0","id":$ID,"result":{"content":[]}}\n'

describe('log messages', () => {
  test('below the level that the client has set do not reach it, though it wanted more before', async () => {
    using home = oneServer()
    await using client = await RawClient.start(home)
    await client.request('logging/setLevel', { level: 'debug' })
    await client.call('one__raw', { line: `${logged('debug')}${REPLY}` })

    await client.request('logging/setLevel', { level: 'error' })
    await client.call('one__raw', { line: `${logged('debug')}${logged('error')}${REPLY}` })

    const levels = client.messages.flatMap(({ method, params }) =>
      method === 'notifications/message' ? [params?.['level']] : [],
    )
    expect(levels).toEqual(['debug', 'error'])
  })
})

test('what a server says right behind a reply does not overtake it', async () => {
  using home = oneServer()
  await using client = await RawClient.start(home)

  for (let round = 0; round < 20; round++) {
    const note = { jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data: round } }
    await client.call('one__raw', { line: `${REPLY}${JSON.stringify(note)}\n` })
    await client.waitFor(({ params }) => params?.['data'] === round, 'what it says next')
  }

  const seen = client.messages.slice(1).map(({ method }) => method ?? 'reply')
  expect(seen).toEqual(Array.from({ length: 20 }, () => ['reply', 'notifications/message']).flat())
})

test('what a server writes as a batch is taken apart', async () => {
  using home = oneServer()
  await using client = await RawClient.start(home)

  const batch = `[${logged('info').trim()},1,${REPLY.trim()}]\n`
  const reply = await client.call('one__raw', { line: batch })

  expect(reply.result).toEqual({ content: [] })
  expect(client.messages.at(-2)?.method).toBe('notifications/message')
})

describe('the progress of a task comes after the reply that has begun it', () => {
  const task = '{"jsonrpc":"2.0","id":$ID,"result":{"task":{"taskId":"t","status":"working"}}}\n'
  const progress =
    '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":$TOKEN,"progress":1}}\n'
  const args = { line: `${task}${progress}` }

  test('on stdio', async () => {
    using home = oneServer()
    await using client = await RawClient.start(home)

    await client.call('one__raw', args, { progressToken: 'mine' })

    const { params } = await client.notification('notifications/progress')
    expect(params).toEqual({ progressToken: 'mine', progress: 1 })
  })

  test('over HTTP, where the answer to the request is over', async () => {
    using home = oneServer()
    await using gateway = await HttpGateway.start(home)
    const client = await HttpClient.start(gateway)
    const news = await client.get()

    await messagesOf(await client.call('one__raw', args, { progressToken: 'mine' }))

    for await (const { data } of eventsOf(news)) {
      const { method, params } = JSON.parse(data || '{}')
      if (method !== 'notifications/progress') continue
      expect(params).toEqual({ progressToken: 'mine', progress: 1 })
      break
    }
  })
})

describe('a reply in which a name stands twice goes on as it is', () => {
  test.each([
    '"result":{"content":[{"type":"resource_link","uri":"a:1","uri":"a:2"}]}',
    '"result":{"content":[],"task":{"taskId":"a","taskId":"b"},"uri":1,"uri":2}',
    '"error":{"code":-32042,"message":"m","data":{"elicitations":[],"elicitations":[]}}',
    '"error":{"code":-32002,"code":-32002,"message":"m"}',
  ])('%s', async (outcome) => {
    using home = oneServer()
    await using legacy = await RawClient.start(home)
    await using modern = new ModernClient(home)
    const line = `{"jsonrpc":"2.0","id":$ID,${outcome}}\n`

    await legacy.call('one__raw', { line })
    await modern.call('one__raw', { line })

    expect(legacy.lines.at(-1)).toEndWith(`,${outcome}}`)
    expect(modern.raw.lines.at(-1)?.replace('"resultType":"complete",', '')).toEndWith(`,${outcome}}`)
  })
})

describe('what a client only tells a server comes behind what it has asked before', () => {
  const LINES = ['request', 'notification', 'request', 'notification']

  test.each(['running', 'still starting'])('of one that is %s', async (state) => {
    using home = new TempHome()
    const record = home.file('record')
    home.writeConfig(configOf([{ id: 'one', args: [record], more: UNSHIELDED }]))
    await using client = await RawClient.start(home)
    if (state === 'running') await client.callText('one__echo', { message: 'first' })

    const messages = LINES.map((kind, n) =>
      kind === 'request'
        ? { id: `n${n}`, method: 'tools/call', params: { name: 'one__echo', arguments: { n } } }
        : { method: 'notifications/of-an-extension', params: { n } },
    )
    client.sendRaw(messages.map((message) => `${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`).join(''))
    await client.reply('n2')
    await client.callText('one__echo', { message: 'last' })

    const seen = readFileSync(record, 'utf8').matchAll(/"n":(\d)/g)
    expect([...seen].map(([, n]) => Number(n))).toEqual([0, 1, 2, 3])
  })
})
