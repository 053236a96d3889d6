import { describe, expect, test } from 'bun:test'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DaemonHome } from '../helpers/daemon-home.ts'
import { configOf, UNSHIELDED } from '../helpers/fixtures.ts'
import { type Message, RawClient, textOf } from '../helpers/mcp-client.ts'
import { meta } from '../helpers/modern-client.ts'
import { eventually, runningProcesses } from '../helpers/processes.ts'
import { BINARY } from '../helpers/temp-home.ts'

const INITIALIZE = {
  id: 'init',
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: { elicitation: {} }, clientInfo: { name: 't' } },
}
const call = (id: string, name: string, args: object = {}, more: object = {}) => ({
  id,
  method: 'tools/call',
  params: { name, arguments: args, ...more },
})
const linesOf = (messages: object[]) =>
  messages.map((message) => JSON.stringify({ jsonrpc: '2.0', ...message })).join('\n')

/** A home with a server whose record tells what it has got. */
class RecordingHome extends DaemonHome {
  readonly record = join(this.folder, 'record')

  constructor() {
    super()
    const asking = join(this.folder, 'asking')
    this.writeConfig(
      configOf([
        { id: 'one', args: [this.record], more: UNSHIELDED },
        { id: 'modern', script: 'curious', args: [asking, 'modern'], more: UNSHIELDED },
      ]),
    )
  }

  /** What is left of the servers of this home. */
  get servers(): number {
    return runningProcesses().filter(({ commandLine }) => commandLine.includes(this.record)).length
  }

  isHolding(): boolean {
    return existsSync(this.record) && readFileSync(this.record, 'utf8').includes('"held"')
  }

  async replies(command: string, messages: object[]): Promise<Map<unknown, Message>> {
    const { stdout, exitCode } = await this.run([command], { stdin: linesOf(messages) })
    expect(exitCode).toBe(0)
    const replies = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Message)
    return new Map(replies.filter(({ method }) => method === undefined).map((reply) => [reply.id, reply]))
  }
}

describe.each(['serve', 'connect'])('a client of %s that has closed its input', (command) => {
  const start = (home: RecordingHome) => RawClient.start(home, { sampling: {} }, { command: [BINARY, command] })

  test('gets the replies to all that it has asked, and then the end', async () => {
    using home = new RecordingHome()

    const replies = await home.replies(command, [
      INITIALIZE,
      { method: 'notifications/initialized' },
      call('slow', 'one__block', { ms: 300 }),
      call('echo', 'one__echo', { message: 'said' }),
      { id: 'list', method: 'tools/list' },
    ])

    expect([...replies.keys()].sort()).toEqual(['echo', 'init', 'list', 'slow'])
    expect(textOf(replies.get('slow') as Message)).toBe('unblocked')
    expect(textOf(replies.get('echo') as Message)).toBe('said')
    await eventually(() => home.servers === 0, 'its server is gone')
  })

  test('of the newer revision too, and its subscriptions end at once', async () => {
    using home = new RecordingHome()
    const envelope = { _meta: meta() }

    const replies = await home.replies(command, [
      { id: 'news', method: 'subscriptions/listen', params: { notifications: {}, ...envelope } },
      call('echo', 'one__echo', { message: 'said' }, envelope),
      call('slow', 'one__block', { ms: 300 }, envelope),
    ])

    expect(textOf(replies.get('echo') as Message)).toBe('said')
    expect(textOf(replies.get('slow') as Message)).toBe('unblocked')
  })

  test.each([
    ['legacy', 'one__ask'],
    ['modern', 'modern__ask'],
  ])('can answer no question of a %s server any more, and gets the reply without', async (_era, name) => {
    using home = new RecordingHome()
    const client = await start(home)
    const method = 'sampling/createMessage'
    client.send(call('asks', name, { method }))
    await client.waitFor((message) => message.method === method, 'the question')

    expect(await client.close()).toBe(0)

    expect(textOf(await client.reply('asks'))).toContain('the client has closed its input')
  })

  test('and no longer reads takes its servers with it, whatever is in flight', async () => {
    using home = new RecordingHome()
    const input = linesOf([INITIALIZE, call('held', 'one__hold')])
    // head ends after the first reply, and then nobody reads
    const script = `{ printf '%s\\n' "$1"; until grep -qs held "$2"; do sleep 0.05; done; } | "$0" ${command} | head -n 1`

    const shell = ['timeout', '20', '/bin/sh', '-c', script, BINARY, input, home.record]
    const child = Bun.spawn(shell, { env: home.env, stdout: 'pipe', stderr: 'ignore' })

    expect(await new Response(child.stdout).text()).toContain('"id":"init"')
    expect(await child.exited).toBe(0)
    expect(home.isHolding()).toBe(true)
    await eventually(() => home.servers === 0, 'its server is gone')
  }, 60_000)

  test('can still be ended by a signal, whatever is in flight', async () => {
    using home = new RecordingHome()
    const client = await start(home)
    client.send(call('held', 'one__hold'))
    await eventually(() => home.isHolding(), 'the call is held')

    await client.process.stdin.end()
    client.process.kill('SIGTERM')
    await client.process.exited

    await eventually(() => home.servers === 0, 'its server is gone')
  })
})

test('the daemon ends although a client waits for its last replies', async () => {
  using home = new RecordingHome()
  const client = await RawClient.start(home, {}, { command: [BINARY, 'connect'] })
  client.send(call('held', 'one__hold'))
  await eventually(() => home.isHolding(), 'the call is held')

  await client.process.stdin.end()

  expect(home.runSync(['daemon', 'stop']).exitCode).toBe(0)
  await client.process.exited
  await eventually(() => home.servers === 0, 'its server is gone')
})
