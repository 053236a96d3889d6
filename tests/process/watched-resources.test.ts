import { afterEach, describe, expect, test } from 'bun:test'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { configOf } from '../helpers/fixtures.ts'
import { RawClient } from '../helpers/mcp-client.ts'
import { eventually } from '../helpers/processes.ts'
import { BINARY, ROOT, TempHome } from '../helpers/temp-home.ts'

const homes: TempHome[] = []

afterEach(() => {
  for (const home of homes.splice(0)) {
    home.runSync(['daemon', 'stop'])
    home[Symbol.dispose]()
  }
})

/** One server `one`; `record()`: what it was asked. */
function homeOf(era: string, more: Record<string, unknown> = {}): { home: TempHome; record(): string[] } {
  const home = new TempHome()
  homes.push(home)
  const file = join(home.folder, 'record')
  home.writeConfig(configOf([{ id: 'one', script: 'watched', args: [file, era], more }]))
  return { home, record: () => (existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []) }
}

const connect = (home: TempHome) => RawClient.start(home, {}, { command: [BINARY, 'connect'] })
const subscribe = (client: RawClient, uri: string) => client.request('resources/subscribe', { uri })
const unsubscribe = (client: RawClient, uri: string) => client.request('resources/unsubscribe', { uri })
const tell = (client: RawClient, uri: string) => client.callText('one__tell', { uri })

const ENVELOPE = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
}
const modernly = (client: RawClient, name: string, args: object = {}) =>
  client.request('tools/call', { name, arguments: args, _meta: ENVELOPE })
async function listen(client: RawClient, id: string, uris: readonly string[]): Promise<unknown> {
  const params = { notifications: { resourceSubscriptions: uris }, _meta: ENVELOPE }
  client.send({ id, method: 'subscriptions/listen', params })
  const message = await client.waitFor(
    ({ method, params }) => method?.endsWith('/acknowledged') === true && streamOf(params) === id,
    'the acknowledgement',
  )
  return message.params?.['notifications']
}
const streamOf = (params: Record<string, unknown> = {}) =>
  (params['_meta'] as Record<string, unknown> | undefined)?.['io.modelcontextprotocol/subscriptionId']

const updates = (client: RawClient) =>
  client.messages.flatMap(({ method, params }) => (method?.endsWith('/updated') ? [params?.['uri']] : []))

describe('an answer to a subscription', () => {
  test.each(['legacy', 'modern'])('says of a %s server that it has ended over it', async (era) => {
    const { home } = homeOf(era)
    await using client = await RawClient.start(home)

    const { error } = await subscribe(client, 'test://fatal')

    expect(error).toMatchObject({ message: expect.stringContaining('server one ended during the call') })
  })

  test('of a modern server that names something twice is none, and the server stays', async () => {
    const { home, record } = homeOf('modern')
    await using client = await RawClient.start(home)

    const { error } = await subscribe(client, 'test://twice')
    await tell(client, 'test://twice')

    expect(error).toMatchObject({ code: -32602 })
    expect(record().filter((line) => line === 'started')).toHaveLength(1)
  })
})

test('what stands in `_meta` of a subscription and of its answer goes both ways, but for the progress token', async () => {
  const { home } = homeOf('legacy')
  await using client = await RawClient.start(home)

  const params = { uri: 'test://a', _meta: { progressToken: 'p', trace: [1.5] } }
  const { result } = await client.request('resources/subscribe', params)

  expect(result).toEqual({ _meta: { heard: { trace: [1.5] } } })
})

describe.each(['legacy', 'modern'])('a resource of a %s server that a client has subscribed to', (era) => {
  test('is told of with its parts, each under its own URI, and no other', async () => {
    const { home } = homeOf(era)
    await using client = await RawClient.start(home)
    await subscribe(client, 'test://a')

    for (const uri of ['test://a', 'test://a/part', 'test://another']) await tell(client, uri)
    await tell(client, 'test://a')

    expect(updates(client)).toEqual(['test://a', 'test://a/part', 'test://a'])
  })

  test('and has asked for twice, is left by asking once', async () => {
    const { home } = homeOf(era)
    await using client = await RawClient.start(home)
    for (let times = 0; times < 2; times++) await subscribe(client, 'test://a')

    await unsubscribe(client, 'test://a')

    expect(await client.callText('one__subscribed')).toBe('')
  })

  test('is told of from the answer on', async () => {
    const { home } = homeOf(era)
    await using client = await RawClient.start(home)
    await using listening = RawClient.raw(home)

    await subscribe(client, 'test://hasty')
    await listen(listening, 'first', ['test://hasty'])

    for (const each of [client, listening]) await each.notification('notifications/resources/updated')
    const [first] = listening.messages
    expect(first?.method).toBe('notifications/subscriptions/acknowledged')
  })

  test('goes on being told to one stream when another about it ends', async () => {
    const { home } = homeOf(era)
    await using client = RawClient.raw(home)
    await Promise.all([listen(client, 'ended', ['test://a']), listen(client, 'open', ['test://a'])])

    client.send({ method: 'notifications/cancelled', params: { requestId: 'ended' } })
    await modernly(client, 'one__subscribed')
    await modernly(client, 'one__tell', { uri: 'test://a' })

    const told = await client.notification('notifications/resources/updated')
    expect(streamOf(told.params)).toBe('open')
  })
})

test('what a modern server does not agree to tell about is promised to nobody', async () => {
  const { home } = homeOf('modern')
  await using legacy = await RawClient.start(home)
  await using modern = RawClient.raw(home)

  expect((await subscribe(legacy, 'test://secret')).error?.code).toBe(-32602)
  expect(await listen(modern, 'stream', ['test://secret', 'test://a'])).toEqual({
    resourceSubscriptions: ['test://a'],
  })
})

describe('a server that several clients share', () => {
  test('goes on telling one of them when another unsubscribes or leaves', async () => {
    const { home } = homeOf('legacy', { instances: 'shared' })
    await using staying = await connect(home)
    const leaving = await connect(home)
    await using unsubscribing = await connect(home)
    for (const client of [staying, leaving, unsubscribing]) await subscribe(client, 'test://a')

    await unsubscribe(unsubscribing, 'test://a')
    await leaving.close()

    expect(await staying.callText('one__subscribed')).toBe('test://a')
    await unsubscribe(staying, 'test://a')
    expect(await staying.callText('one__subscribed')).toBe('')
  })

  test('is asked nothing for one that has left while it started', async () => {
    const { home } = homeOf('legacy')
    const server = [process.execPath, join(ROOT, 'tests/fixtures/servers/watched.ts'), '/dev/null']
    const slowly = { command: 'sh', args: ['-c', 'sleep 1; exec "$@"', 'sh', ...server], instances: 'shared' }
    home.writeConfig(configOf([{ id: 'one', more: slowly }]))
    await using staying = await connect(home)
    const leaving = await connect(home)
    leaving.send({ id: 'early', method: 'resources/subscribe', params: { uri: 'test://a' } })
    await leaving.request('ping')

    await leaving.vanish()

    expect(await staying.callText('one__subscribed')).toBe('')
  })

  test.each(['legacy', 'modern'])(
    'and of era %s is asked no more once those who watch have left',
    async (era) => {
      const { home } = homeOf(era, { instances: 'shared' })
      await using staying = await connect(home)
      const leaving = await connect(home)
      await subscribe(leaving, 'test://a')

      await leaving.close()

      await eventually(async () => (await staying.callText('one__subscribed')) === '', 'nothing is watched')
    },
  )
})

test('a server that is brought back by its policy is subscribed to again, though nobody calls', async () => {
  const { home, record } = homeOf('legacy', { restart_policy: 'always' })
  await using client = await RawClient.start(home)
  await subscribe(client, 'test://a')

  await client.call('one__end')

  const asked = ['started', 'resources/subscribe test://a']
  await eventually(() => record().length >= 4, 'the subscription')
  // the answer to the subscription is before the first of these
  await client.callText('one__subscribed')
  expect(await client.callText('one__subscribed')).toBe('test://a')
  expect(record()).toEqual([...asked, ...asked])
})

test.each(['legacy', 'modern'])(
  'what a %s server no longer tells about once it is back is watched no more',
  async (era) => {
    const { home, record } = homeOf(era, { restart_policy: 'always' })
    await using client = await RawClient.start(home)
    await subscribe(client, 'test://once')
    const asked = () => record().filter((line) => line.endsWith('test://once')).length
    await client.call('one__end')
    await eventually(() => asked() === 2, 'it is asked again, and refuses')
    await client.callText('one__subscribed')

    await client.call('one__end')

    await eventually(() => record().filter((line) => line === 'started').length === 3, 'it is back again')
    await client.callText('one__subscribed')
    expect(asked()).toBe(2)
  },
)

test('a server whose secret has changed is subscribed to again, though nobody calls', async () => {
  const { home, record } = homeOf('legacy')
  const file = join(home.folder, 'record')
  const server = { id: 'one', script: 'watched', args: [file], more: { auth_scope: 's' } } as const
  home.writeConfig(configOf([server], [{ id: 's', type: 'env', keys: [{ name: 'TOKEN' }] }]))
  home.put('s', 'TOKEN', 'first-value')
  await using client = await RawClient.start(home)
  await subscribe(client, 'test://a')

  home.put('s', 'TOKEN', 'second-value')

  await eventually(
    () => record().filter((line) => line.includes('/subscribe')).length === 2,
    'the subscription',
  )
  expect(record().filter((line) => line === 'started')).toHaveLength(2)
})
