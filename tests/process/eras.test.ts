import { describe, expect, test } from 'bun:test'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { configOf, type Entry, UNSHIELDED } from '../helpers/fixtures.ts'
import { type Message, RawClient } from '../helpers/mcp-client.ts'
import { eventually, isRunning } from '../helpers/processes.ts'
import { BINARY, TempHome } from '../helpers/temp-home.ts'

const meta = (capabilities: object = { elicitation: {}, roots: {} }, more: object = {}) => ({
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': capabilities,
  ...more,
})

interface Setting extends Disposable {
  readonly home: TempHome
  record(): string[]
}

/** Legacy servers `one` and `two` that keep a record; `probe` is what they do when asked before `initialize`. */
function legacyServers(probe = 'answers', more: Record<string, unknown> = {}): Setting {
  const home = new TempHome()
  const record = join(home.folder, 'record')
  const entry = (id: string): Entry => ({ id, script: 'legacy', args: [record, id, probe], more })
  home.writeConfig(configOf([entry('one'), entry('two')]))
  return {
    home,
    record: () => (existsSync(record) ? readFileSync(record, 'utf8').trim().split('\n') : []),
    [Symbol.dispose]: () => home[Symbol.dispose](),
  }
}

/** A client of 2026-07-28, which has no beginning. */
class ModernClient implements AsyncDisposable {
  readonly raw: RawClient

  constructor(home: TempHome) {
    this.raw = RawClient.raw(home)
  }

  ask(method: string, params: object = {}, envelope: object = meta()): Promise<Message> {
    return this.raw.request(method, { ...params, _meta: envelope })
  }

  call(name: string, args: object = {}, more: object = {}, envelope: object = meta()): Promise<Message> {
    return this.ask('tools/call', { name, arguments: args, ...more }, envelope)
  }

  async text(name: string, args: object = {}): Promise<string> {
    return textOf(await this.call(name, args))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.raw[Symbol.asyncDispose]()
  }
}

const textOf = ({ result }: Message) =>
  String((result?.['content'] as { text: string }[] | undefined)?.[0]?.text)
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

test('large calls that a legacy server has taken hold up no other call of a modern client', async () => {
  using home = new TempHome(configOf([{ id: 'one' }]))
  await using client = new ModernClient(home)
  await client.text('one__echo')
  const large = { name: 'one__hold', arguments: { text: 'x'.repeat(1024 * 1024) }, _meta: meta() }
  for (let id = 0; id < 6; id++) client.raw.send({ id: `held ${id}`, method: 'tools/call', params: large })

  expect(await client.text('one__echo', { message: 'beside' })).toBe('beside')
})

test('a list is called fresh for as long as its server has said, and no longer', async () => {
  using home = new TempHome()
  const args = [join(home.folder, 'record'), 'modern', 'quiet']
  home.writeConfig(configOf([{ id: 'one', script: 'watched', args }]))
  const freshMs = async (client: ModernClient) => Number((await client.ask('tools/list')).result?.['ttlMs'])
  {
    await using client = new ModernClient(home)

    const first = await freshMs(client)
    expect(first).toBeWithin(1, 60_001)
    await eventually(async () => (await freshMs(client)) < first, 'time goes by')
    expect(client.raw.messages.some(({ method }) => method?.includes('list_changed'))).toBe(false)
  }

  await using next = new ModernClient(home)
  expect(await freshMs(next)).toBe(0)
})

test('a list in which a server is missing yet is not called fresh', async () => {
  const mute = [{ id: 'one', script: 'odd', args: ['mute'] }] as const
  using home = new TempHome(configOf(mute, [], { first_list_wait_sec: 1 }))
  await using client = new ModernClient(home)

  expect((await client.ask('tools/list')).result).toMatchObject({ tools: [], ttlMs: 0 })
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

describe('resources of several servers', () => {
  test('are told apart when they share a template', async () => {
    using setting = legacyServers()
    await using client = await RawClient.start(setting.home)

    const { result } = await client.request('resources/templates/list')
    const templates = ((result?.['resourceTemplates'] ?? []) as { uriTemplate: string }[]).map(
      ({ uriTemplate }) => uriTemplate,
    )
    expect(templates).toEqual(['mcplexer:one:test://items/{item}', 'mcplexer:two:test://items/{item}'])

    for (const [index, name] of ['one', 'two'].entries()) {
      const uri = `mcplexer:${name}:test://items/1`
      const read = await client.request('resources/read', { uri })
      expect(read.result?.['contents']).toEqual([{ uri: 'test://items/1', text: `of ${name}` }])
      const ref = { type: 'ref/resource', uri: templates[index] }
      const argument = { name: 'item', value: '' }
      const completed = await client.request('completion/complete', { ref, argument })
      expect(JSON.stringify(completed.result)).toContain(`${name} {`)
    }
    expect((await client.request('resources/read', { uri: 'test://items/1' })).error?.code).toBe(-32002)
  })

  test('that stand in no list are found by who has mentioned them, for clients of both eras', async () => {
    using setting = legacyServers()
    await using legacy = await RawClient.start(setting.home)
    await using modern = new ModernClient(setting.home)
    const read = { uri: 'test://unlisted/two' }

    await Promise.all([legacy.call('two__mention'), modern.call('two__mention')])
    const replies = await Promise.all([
      legacy.request('resources/read', read),
      modern.ask('resources/read', read),
    ])

    for (const { result } of replies) expect(JSON.stringify(result)).toContain('of two')
  })

  test('are told apart when they share a URI, and nobody gets the bare one', async () => {
    using setting = legacyServers()
    await using client = await RawClient.start(setting.home)

    const { result } = await client.request('resources/list')
    const uris = ((result?.['resources'] ?? []) as { uri: string }[]).map(({ uri }) => uri)
    expect(uris).toEqual(['mcplexer:one:test://both', 'test://one', 'mcplexer:two:test://both', 'test://two'])

    const read = async (uri: string) => {
      const { result: found, error } = await client.request('resources/read', { uri })
      return (found?.['contents'] as { text: string }[] | undefined)?.[0]?.text ?? error?.code
    }
    expect(await Promise.all(uris.map(read))).toEqual(['of one', 'of one', 'of two', 'of two'])
    expect(await read('test://both')).toBe(-32002)
    expect(await read('test://nobody')).toBe(-32002)
  })

  test('an error of a legacy server that the newer revision has no code for gets the new one', async () => {
    using setting = legacyServers()
    setting.home.writeConfig(
      configOf([
        { id: 'one', script: 'legacy', args: [join(setting.home.folder, 'record'), 'one', 'answers'] },
      ]),
    )
    await using client = new ModernClient(setting.home)

    const { error } = await client.ask('resources/read', { uri: 'test://nobody' })

    expect(error).toEqual({ code: -32602, message: 'no such resource', data: { uri: 'test://nobody' } })
  })
})

test('a task is asked after at the server that began it, and all are listed together', async () => {
  using setting = legacyServers()
  await using client = await RawClient.start(setting.home)
  await Promise.all([client.call('one__later'), client.call('two__later')])

  const found = await Promise.all(
    ['one', 'two'].map((name) => client.request('tasks/get', { taskId: `${name}-task` })),
  )

  expect(found.map(({ result }) => result?.['by'])).toEqual(['one', 'two'])
  const { result } = await client.request('tasks/list')
  const listed = result?.['tasks'] as { taskId: string }[]
  expect(listed.map(({ taskId }) => taskId)).toEqual(['one-task', 'one-older', 'two-task', 'two-older'])
  expect((await client.request('tasks/get', { taskId: 'nobodys' })).error?.code).toBe(-32602)
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

describe('processes', () => {
  test('a modern server has one, also for a client that calls again before it has said what it lists', async () => {
    using home = new TempHome()
    const record = join(home.folder, 'record')
    home.writeConfig(configOf([{ id: 'one', script: 'watched', args: [record, 'modern', 'mute'] }]))
    await using client = await RawClient.start(home)

    for (let times = 0; times < 3; times++) await client.callText('one__subscribed')

    expect(readFileSync(record, 'utf8').match(/started/g)).toHaveLength(1)
  })

  test('`instances: shared` gives all sessions one process, each legacy session its own otherwise', async () => {
    for (const [instances, count] of [
      ['shared', 1],
      ['per-session', 2],
    ] as const) {
      using setting = legacyServers('answers', { ...UNSHIELDED, instances })
      const clients = await Promise.all([connect(setting.home), connect(setting.home)])
      const pids = await Promise.all(clients.map((client) => client.callText('one__pid')))
      for (const client of clients) await client.close()
      setting.home.runSync(['daemon', 'stop'])
      expect({ instances, count: new Set(pids).size }).toEqual({ instances, count })
    }
  }, 30_000)

  test('`max_instances` makes the next session wait, then fail with what to do', async () => {
    using setting = legacyServers('answers', { max_instances: 1, startup_timeout_sec: 3 })
    const [first, second] = await Promise.all([connect(setting.home), connect(setting.home)])
    await first.callText('one__pid')

    const refused = await second.callText('one__pid')
    await first.close()
    const served = await second.callText('one__echo', { message: 'now' })
    await second.close()
    setting.home.runSync(['daemon', 'stop'])

    expect(refused).toContain('raise `max_instances` of one')
    expect(served).toBe('now')
  }, 30_000)

  test('`restart_policy`: always brings a server back by itself, never leaves it down', async () => {
    using always = legacyServers('answers', { ...UNSHIELDED, restart_policy: 'always' })
    await using one = await RawClient.start(always.home)
    const pid = Number(await one.callText('one__pid'))
    await one.call('one__end')
    await eventually(
      () => always.record().filter((line) => line === 'one initialized').length >= 2 && !isRunning(pid),
      'it is back',
    )

    using never = legacyServers('answers', { restart_policy: 'never' })
    await using two = await RawClient.start(never.home)
    await two.callText('one__pid')
    await two.call('one__end')
    expect(await two.callText('one__pid')).toContain('its restart_policy is never')
  }, 30_000)

  test('`restart_policy: always` waits longer and longer for a server that ends again and again', async () => {
    using home = new TempHome()
    const record = join(home.folder, 'starts')
    const reply = '{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-11-25","capabilities":{}}}'
    const script = `date +%s%N >>'${record}'; read -r line; echo '${reply}'`
    const server = { id: 'brief', command: 'sh', args: ['-c', script], restart_policy: 'always', ...UNSHIELDED }
    home.writeConfig(JSON.stringify({ downstream_servers: [server] }))
    await using client = await RawClient.start(home)
    const startsMs = () =>
      readFileSync(record, 'utf8')
        .trim()
        .split('\n')
        .map((ns) => Number(ns) / 1e6)

    client.send({ id: 'list', method: 'tools/list' })
    await eventually(() => existsSync(record) && startsMs().length >= 4, 'it was started four times')

    const [, second = 0, third = 0, fourth = 0] = startsMs()
    expect(third - second).toBeGreaterThan(900)
    expect(fourth - third).toBeGreaterThan(1900)
  }, 30_000)

  const connect = (home: TempHome) => RawClient.start(home, {}, { command: [BINARY, 'connect'] })
})
