/** SEP-2663, "Task Status Notifications". */
import { afterEach, describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { entriesOf } from '../helpers/audit-home.ts'
import { configOf, type Entry, UNSHIELDED } from '../helpers/fixtures.ts'
import { HttpGateway } from '../helpers/http-client.ts'
import { type Message, type RawClient, textOf } from '../helpers/mcp-client.ts'
import { ModernClient, meta } from '../helpers/modern-client.ts'
import { eventually, isRunning } from '../helpers/processes.ts'
import { TempHome } from '../helpers/temp-home.ts'

const homes: TempHome[] = []
afterEach(() => {
  for (const home of homes.splice(0)) home[Symbol.dispose]()
})

const EXTENSIONS = { extensions: { 'io.modelcontextprotocol/tasks': {} } }
const ABLE = meta(EXTENSIONS)
const SUBSCRIPTION = 'io.modelcontextprotocol/subscriptionId'

/** The server `one`, and others; `record()`: its starts, and what it was asked to tell of. */
function homeOf(more: Record<string, unknown> = {}, others: readonly Entry[] = []) {
  const home = new TempHome()
  homes.push(home)
  const file = join(home.folder, 'record')
  home.writeConfig(configOf([{ id: 'one', script: 'tasks', args: [file], more }, ...others]))
  return { home, record: () => readFileSync(file, 'utf8').trim().split('\n') }
}

const call = (client: ModernClient, name: string, args: object = {}) => client.call(name, args, {}, ABLE)
const listened = async (client: ModernClient) => textOf(await call(client, 'one__listened'))

/** Gives the acknowledgement, or the reply that comes instead. */
function listen(
  { raw }: ModernClient,
  id: string,
  notifications: object,
  envelope: object = ABLE,
): Promise<Message> {
  raw.send({ id, method: 'subscriptions/listen', params: { notifications, _meta: envelope } })
  return raw.waitFor(
    (message) =>
      message.id === id || (message.method?.endsWith('/acknowledged') === true && streamOf(message) === id),
    'the acknowledgement',
  )
}

const streamOf = ({ params }: Message) =>
  (params?.['_meta'] as Record<string, unknown> | undefined)?.[SUBSCRIPTION]
const agreedIn = ({ params }: Message) => params?.['notifications']
const endStream = ({ raw }: ModernClient, id: string) =>
  raw.send({ method: 'notifications/cancelled', params: { requestId: id } })

/** News of a task as the server writes them, or as they come under a client's subscription. */
const newsOf = (taskId: string, status: string, id = '$ID') =>
  `{"jsonrpc":"2.0","method":"notifications/tasks","params":{"taskId":"${taskId}", "status":"${status}","_meta":{"${SUBSCRIPTION}":${id},"n":1.50},"ttlMs":1e3}}`
const say = (client: ModernClient, taskId: string, status: string) =>
  call(client, 'one__say', { taskId, line: newsOf(taskId, status) })
const news = (raw: RawClient) => raw.lines.filter((line) => line.includes('"notifications/tasks"'))

describe('a task that a client listens to', () => {
  test('is told of under his subscription, and every other byte stays as it came', async () => {
    const { home } = homeOf()
    await using client = new ModernClient(home)
    await call(client, 'one__begin', { taskId: 't' })

    const agreed = await listen(client, 'mine', { taskIds: ['t'], toolsListChanged: true })
    const escaped = newsOf('\\u0074', 'completed')
    for (const line of [newsOf('t', 'working'), escaped]) await call(client, 'one__say', { taskId: 't', line })

    expect(agreedIn(agreed)).toEqual({ toolsListChanged: true, taskIds: ['t'] })
    expect(news(client.raw)).toEqual([
      newsOf('t', 'working', '"mine"'),
      newsOf('\\u0074', 'completed', '"mine"'),
    ])
  })

  test('is told of by its own name only', async () => {
    const { home } = homeOf()
    await using client = new ModernClient(home)
    await listen(client, 'mine', { taskIds: ['t', 'other'] })

    await call(client, 'one__say', { taskId: 't', line: newsOf('other', 'failed') })
    await say(client, 't', 'working')

    expect(news(client.raw)).toEqual([newsOf('t', 'working', '"mine"')])
  })

  test('by two streams is asked for once, and goes on for one when the other ends', async () => {
    const { home, record } = homeOf()
    await using client = new ModernClient(home)
    await Promise.all(['ended', 'open'].map((id) => listen(client, id, { taskIds: ['t'] })))

    endStream(client, 'ended')
    await listened(client)
    await say(client, 't', 'working')

    expect(news(client.raw)).toEqual([newsOf('t', 'working', '"open"')])
    endStream(client, 'open')
    expect(await listened(client)).toBe('')
    expect(record()).toEqual(['started', 't'])
  })

  test('keeps its server from being idle, until the stream ends', async () => {
    const { home } = homeOf({ ...UNSHIELDED, idle_timeout_sec: 1 }, [
      { id: 'two', more: { ...UNSHIELDED, idle_timeout_sec: 2 } },
    ])
    await using client = new ModernClient(home)
    await call(client, 'one__begin', { taskId: 't' })
    await listen(client, 'stream', { taskIds: ['t'] })
    const watched = Number(textOf(await call(client, 'one__pid')))
    const { pid: idle } = JSON.parse(textOf(await call(client, 'two__environment')))

    await eventually(() => !isRunning(idle), 'the other is idle')

    expect(isRunning(watched)).toBe(true)
    endStream(client, 'stream')
    await eventually(() => !isRunning(watched), 'it is idle, too')
  })

  test.each([
    ['in the words of 2026-07-28', { ttlMs: 60_000 }],
    ['without an end', { ttlMs: null }],
  ])('that goes on keeps its server from being idle, though nobody asks: %s', async (_, time) => {
    const { home } = homeOf({ ...UNSHIELDED, idle_timeout_sec: 1 }, [
      { id: 'over', script: 'tasks', args: ['/dev/null'], more: { ...UNSHIELDED, idle_timeout_sec: 2 } },
    ])
    await using client = new ModernClient(home)
    await call(client, 'one__begin', { taskId: 't', ...time })
    await call(client, 'over__begin', { taskId: 'u', status: 'completed', ...time })
    const working = Number(textOf(await call(client, 'one__pid')))
    const over = Number(textOf(await call(client, 'over__pid')))

    await eventually(() => !isRunning(over), 'the one whose task is over is idle')

    expect(isRunning(working)).toBe(true)
  })

  test('is listened to again when its server is back, though nobody calls, and unless that refuses', async () => {
    const { home, record } = homeOf({ restart_policy: 'always' })
    await using client = new ModernClient(home)
    await listen(client, 'mine', { taskIds: ['t'] })
    await listen(client, 'lost', { taskIds: ['once'] })

    await call(client, 'one__end')

    const asked = ['once', 'started', 'started', 't', 't', 'once'].sort()
    await eventually(() => record().length === asked.length, 'it was asked again')
    expect(record().sort()).toEqual(asked)
    await say(client, 't', 'completed')
    expect(news(client.raw)).toEqual([newsOf('t', 'completed', '"mine"')])
    expect(await listened(client)).toBe('t')
  })

  test('is asked for again after the server has closed its stream, and goes on for those who had it', async () => {
    const { home, record } = homeOf()
    await using client = new ModernClient(home)
    await listen(client, 'first', { taskIds: ['t'] })
    await call(client, 'one__close')

    await listen(client, 'second', { taskIds: ['t'] })
    await say(client, 't', 'working')

    expect(record()).toEqual(['started', 't', 't'])
    expect(news(client.raw)).toEqual(['"first"', '"second"'].map((id) => newsOf('t', 'working', id)))
  })

  test('is on record, without its id: that may be all that is needed to see it', async () => {
    const { home } = homeOf({}, [{ id: 'two' }])
    {
      await using client = new ModernClient(home)
      await call(client, 'one__begin', { taskId: 't' })
      await listen(client, 'mine', { taskIds: ['t', 'nobodys'] })
    }

    const entries = entriesOf(home, '--kind', 'call').filter(({ action }) => action !== 'tools/call')

    expect(entries.map(({ server, decision }) => `${server} ${decision}`).sort()).toEqual([
      'one allowed',
      'undefined refused',
    ])
    expect(entries.map(({ action }) => action)).toEqual(['tasks/subscribe', 'tasks/subscribe'])
    expect(JSON.stringify(entries)).not.toContain('nobodys')
  })
})

test('what no server has agreed to tell of is not acknowledged: unknown, refused, or of an older revision', async () => {
  const { home } = homeOf({}, [{ id: 'old', script: 'legacy', args: ['old', '/dev/null'] }])
  await using client = new ModernClient(home)
  for (const taskId of ['t', 'secret']) await call(client, 'one__begin', { taskId })
  await call(client, 'old__later')

  const agreed = await listen(client, 'mine', { taskIds: ['secret', 'old-task', 't', 'nobodys', 5] })

  expect(agreedIn(agreed)).toEqual({ taskIds: ['t'] })
})

describe('a client that has not declared the extension', () => {
  const data = { requiredCapabilities: EXTENSIONS }

  test('may not listen to tasks, and is told what is missing; to all else it may', async () => {
    const { home } = homeOf()
    await using client = new ModernClient(home)

    const { error } = await listen(client, 'mine', { taskIds: ['t'] }, meta({}))
    const agreed = await listen(client, 'other', { taskIds: [], toolsListChanged: true }, meta({}))

    expect(error).toEqual({ code: -32021, message: 'Missing required client capability', data })
    expect(agreedIn(agreed)).toEqual({ toolsListChanged: true })
  })

  test('over HTTP gets status 400 with it', async () => {
    const { home } = homeOf()
    await using gateway = await HttpGateway.start(home)
    const method = 'subscriptions/listen'
    const params = { notifications: { taskIds: ['t'] }, _meta: meta({}) }
    const headers = { 'MCP-Protocol-Version': '2026-07-28', 'Mcp-Method': method }

    const response = await gateway.fetch(
      'POST',
      headers,
      JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    )

    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error: { code: -32021, data } })
  })

  test('has it from the server itself when it asks after a task', async () => {
    const { home } = homeOf()
    await using client = new ModernClient(home)

    const { error } = await client.ask('tasks/get', { taskId: 't' }, meta({}))

    expect(error).toEqual({ code: -32021, message: 'in the words of the server', data })
  })
})
