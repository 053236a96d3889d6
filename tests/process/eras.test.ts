import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { configOf } from '../helpers/fixtures.ts'
import { legacyServers } from '../helpers/legacy-servers.ts'
import { type Message, textOf } from '../helpers/mcp-client.ts'
import { ModernClient, meta } from '../helpers/modern-client.ts'
import { TempHome } from '../helpers/temp-home.ts'

const requestsIn = ({ result }: Message) =>
  (result?.['inputRequests'] ?? {}) as Record<string, { method: string; params: Record<string, unknown> }>

describe('a legacy server that is asked in the newer words first', () => {
  test.each(['answers', 'exits', 'mute'])(
    'and %s, serves the call, and is not asked so again',
    async (probe) => {
      using setting = legacyServers(probe)
      {
        await using client = new ModernClient(setting.home)
        expect(await client.text('one__echo', { message: 'served' })).toBe('served')
      }
      expect(setting.record().filter((line) => line === 'one probed').length).toBe(1)

      await using again = new ModernClient(setting.home)
      expect(await again.text('one__echo', { message: 'again' })).toBe('again')

      expect(setting.record().filter((line) => line === 'one probed').length).toBe(1)
    },
    30_000,
  )
})

describe('a request of 2026-07-28', () => {
  test('without what it must say is refused, as are the words of older revisions', async () => {
    using setting = legacyServers()
    await using client = new ModernClient(setting.home)
    const { 'io.modelcontextprotocol/clientCapabilities': _, ...incomplete } = meta()

    expect((await client.ask('tools/list', {}, incomplete)).error?.code).toBe(-32602)
    const unsupported = { ...meta(), 'io.modelcontextprotocol/protocolVersion': '2031-01-01' }
    expect((await client.ask('tools/list', {}, unsupported)).error).toMatchObject({
      code: -32022,
      data: { supported: ['2026-07-28'], requested: '2031-01-01' },
    })
    for (const method of ['ping', 'initialize', 'logging/setLevel', 'resources/subscribe'])
      expect((await client.ask(method)).error?.code).toBe(-32601)
    expect((await client.ask('tools/list', { cursor: 'x' })).error?.code).toBe(-32602)
  })

  test('gets lists that say how long they are fresh, and for whom', async () => {
    using setting = legacyServers()
    await using client = new ModernClient(setting.home)

    const { result } = await client.ask('tools/list')

    expect(result).toMatchObject({ resultType: 'complete', ttlMs: 0, cacheScope: 'private' })
  })
})

describe('what a legacy server asks a modern client', () => {
  test('comes as input_required, and the answer goes on with the same call', async () => {
    using setting = legacyServers()
    await using client = new ModernClient(setting.home)

    const asked = await client.call('one__ask', { method: 'elicitation/create' })
    expect(asked.result?.['resultType']).toBe('input_required')
    const [[key, request] = ['', null]] = Object.entries(requestsIn(asked))
    expect(request).toMatchObject({ method: 'elicitation/create', params: { message: 'm' } })
    const retry = {
      inputResponses: { [key]: { action: 'accept', content: { big: 12345678901234567890n.toString() } } },
      requestState: asked.result?.['requestState'],
    }
    const done = await client.call('one__ask', { method: 'elicitation/create' }, retry)

    expect(JSON.parse(textOf(done))).toEqual({ action: 'accept', content: { big: '12345678901234567890' } })
    const twice = await client.call('one__ask', { method: 'elicitation/create' }, retry)
    expect(twice.error?.code).toBe(-32602)
  })

  test('cannot be answered for another call, or with a state that was made up', async () => {
    using setting = legacyServers()
    await using client = new ModernClient(setting.home)
    const asked = await client.call('one__ask', { method: 'roots/list' })
    const requestState = asked.result?.['requestState']

    const others = [
      await client.call('one__ask', { method: 'elicitation/create' }, { requestState }),
      await client.call('two__ask', { method: 'roots/list' }, { requestState }),
      await client.call('one__ask', { method: 'roots/list' }, { requestState: 'AAAA' }),
    ]

    expect(others.map(({ error }) => error?.code)).toEqual([-32602, -32602, -32602])
    const [key = ''] = Object.keys(requestsIn(asked))
    const right = { requestState, inputResponses: { [key]: { roots: [] } } }
    expect(textOf(await client.call('one__ask', { method: 'roots/list' }, right))).toBe('{"roots":[]}')
  })

  test('and what it cannot answer is refused to the server at once', async () => {
    using setting = legacyServers()
    await using client = new ModernClient(setting.home)

    const reply = await client.call('one__ask', { method: 'elicitation/create' }, {}, meta({}))

    expect(textOf(reply)).toBe('"refused"')
  })

  test('an elicitation by URL, which is an error there, is input_required here', async () => {
    using setting = legacyServers()
    await using client = new ModernClient(setting.home)

    const reply = await client.call('one__url')

    expect(Object.values(requestsIn(reply))).toMatchObject([
      { method: 'elicitation/create', params: { mode: 'url', url: 'https://x.example' } },
    ])
  })
})

test('an error of a legacy server that the newer revision has no code for gets the new one', async () => {
  using setting = legacyServers()
  setting.home.writeConfig(
    configOf([{ id: 'one', script: 'legacy', args: [join(setting.home.folder, 'record'), 'one', 'answers'] }]),
  )
  await using client = new ModernClient(setting.home)

  const { error } = await client.ask('resources/read', { uri: 'test://nobody' })

  expect(error).toEqual({ code: -32602, message: 'no such resource', data: { uri: 'test://nobody' } })
})

describe('subscriptions/listen', () => {
  test('is acknowledged first, tells what was asked for under its id, and ends when it is cancelled', async () => {
    using home = new TempHome(configOf([{ id: 'one' }]))
    await using client = new ModernClient(home)
    const listen = { notifications: { toolsListChanged: true, promptsListChanged: false }, _meta: meta() }
    client.raw.send({ id: 'listening', method: 'subscriptions/listen', params: listen })
    const acknowledged = await client.raw.notification('notifications/subscriptions/acknowledged')
    const tag = { 'io.modelcontextprotocol/subscriptionId': 'listening' }
    expect(acknowledged.params).toEqual({ _meta: tag, notifications: { toolsListChanged: true } })

    await client.call('one__grow', { name: 'more' })
    const changed = await client.raw.notification('notifications/tools/list_changed')
    expect(changed.params).toEqual({ _meta: tag })

    client.raw.send({ method: 'notifications/cancelled', params: { requestId: 'listening' } })
    const before = client.raw.lines.length
    await client.call('one__grow', { name: 'evenMore' })
    await client.call('one__echo', { message: 'after' })
    expect(client.raw.lines.slice(before).filter((line) => line.includes('list_changed'))).toEqual([])
    expect(client.raw.messages.some(({ id }) => id === 'listening')).toBe(false)
  })
})

test('large calls that a legacy server has taken hold up no other call of a modern client', async () => {
  using home = new TempHome(configOf([{ id: 'one' }]))
  await using client = new ModernClient(home)
  await client.text('one__echo')
  const large = { name: 'one__hold', arguments: { text: 'x'.repeat(1024 * 1024) }, _meta: meta() }
  for (let id = 0; id < 6; id++) client.raw.send({ id: `held ${id}`, method: 'tools/call', params: large })

  expect(await client.text('one__echo', { message: 'beside' })).toBe('beside')
})
