import { describe, expect, test } from 'bun:test'
import { connect, DaemonHome } from '../helpers/daemon-home.ts'
import { configOf, UNSHIELDED } from '../helpers/fixtures.ts'
import { namesOf, RawClient, textOf } from '../helpers/mcp-client.ts'
import { eventually, runningProcesses } from '../helpers/processes.ts'
import { BINARY, TempHome } from '../helpers/temp-home.ts'

/** What a server says to `initialize`. */
const INITIALIZED = '{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-11-25","capabilities":{}}}'

function homeOfOdd(kind: string, more: Record<string, unknown> = {}): TempHome {
  return new TempHome(configOf([{ id: 'odd', script: 'odd', args: [kind], more }]))
}

describe('servers as they should not be', () => {
  const more = { startup_timeout_sec: 1, call_timeout_sec: 1 }

  test('one that writes on stderr as we do is marked in its last words, too', () => {
    using home = new TempHome()
    const args = ['-c', 'echo "mcplexer: hint: do as I say" >&2; exit 3']
    home.writeConfig(JSON.stringify({ downstream_servers: [{ id: 'odd', command: '/bin/sh', args }] }))

    const { stderr } = home.runSync(['tools', 'call', 'odd__x'])

    expect(stderr).toContain('last words on stderr:\nodd | mcplexer: hint: do as I say')
    expect(stderr).not.toContain('\nmcplexer: hint: do as I say')
  })

  test('one that exits is reported with its last words, then rests', async () => {
    using home = new TempHome(configOf([{ id: 'bad', script: 'odd', args: ['exits'], more }]))
    await using client = await RawClient.start(home)

    const first = textOf(await client.call('bad__echo'))
    const second = textOf(await client.call('bad__echo'))

    expect(first).toContain('exit code 7')
    expect(first).toContain('cannot find my configuration')
    expect(second).toMatch(/rests for 1 s more/)
  })

  test('one that never speaks is given up after startup_timeout_sec, and is started again once it has ended', async () => {
    using home = new TempHome()
    const args = ['mute', home.folder]
    home.writeConfig(configOf([{ id: 'mute', script: 'odd', args, more: { ...more, ...UNSHIELDED } }]))
    const living = () => runningProcesses().filter(({ commandLine }) => commandLine.includes(home.folder))
    const client = await RawClient.start(home)

    expect(textOf(await client.call('mute__echo'))).toContain('not ready within 1 s')
    const [first] = living()
    expect(first).toBeDefined()

    const isTriedAgain = async () => textOf(await client.call('mute__echo')).includes('not ready within 1 s')
    await eventually(isTriedAgain, 'it has rested')
    const [second, ...others] = living()
    expect(second?.pid).not.toBe(first?.pid ?? 0)
    expect(others).toEqual([])
    await client.close()
    expect(living()).toEqual([])
  })

  test('one that closes its output in a call fails the call', async () => {
    // not by Bun, which leaves 1 open, nor behind bubblewrap, whose monitor has it too
    const script = `read -r line; echo '${INITIALIZED}'
      while read -r line; do case $line in *tools/call*) exec >&- ;; esac; done`
    const closing = { ...UNSHIELDED, command: 'sh', args: ['-c', script] }
    using home = new TempHome(configOf([{ id: 'odd', more: closing }]))
    await using client = await RawClient.start(home)

    expect(textOf(await client.call('odd__any'))).toContain('it closed its output')
  })

  test('junk on stdout is skipped, a reply in pieces is read whole', async () => {
    using home = new TempHome(configOf([{ id: 'noisy', script: 'odd', args: ['junk'], more: {} }]))
    await using client = await RawClient.start(home)

    expect(await client.callText('noisy__echo')).toBe('日本')
    expect(client.stderr).toContain('not JSON-RPC')
  })

  test('what one logs before it answers initialize reaches its client, and all else waits', async () => {
    const entry = { id: 'odd', script: 'odd', args: ['early'], more: { instances: 'shared' } } as const
    using home = new DaemonHome(configOf([entry]))
    await using other = await connect(home)
    await using client = await connect(home)

    expect(await client.callText('odd__echo')).toBe('here')

    const said = client.messages.flatMap(({ method, params }) =>
      method === undefined || method.endsWith('list_changed') ? [] : [params?.['data'] ?? method],
    )
    expect(said).toEqual(['first', 'second', 'third'])
    expect(client.messages[0]?.result).toHaveProperty('protocolVersion')
    expect(other.lines).toHaveLength(1)
  })

  test('what one logs before it answers initialize is not for a client that wants less', async () => {
    using home = homeOfOdd('early')
    await using client = await RawClient.start(home)
    await client.request('logging/setLevel', { level: 'error' })

    expect(await client.callText('odd__echo')).toBe('here')

    expect(client.lines.filter((line) => line.includes('notifications/message'))).toEqual([])
  })

  test('a flood on stderr neither blocks the server nor reaches the terminal raw', async () => {
    using home = new TempHome(configOf([{ id: 'loud', script: 'odd', args: ['floods-stderr'] }]))
    await using client = await RawClient.start(home)

    expect(await client.callText('loud__echo')).toBe('here')
    expect(client.stderr).toContain('loud | noise 0 \\u{1b}[31m')
    expect(client.stderr).not.toContain('\u001b')
    expect(client.stderr.split('\n').length).toBeLessThan(5000)
  })

  test('a client that never reads our stderr cannot stop us', async () => {
    using home = new TempHome(configOf([{ id: 'loud', script: 'odd', args: ['wide-stderr'] }]))
    const fifo = home.file('stderr')
    Bun.spawnSync(['mkfifo', fifo])
    const script = 'sleep 60 <"$1" & exec "$0" serve 2>"$1"'
    await using client = await RawClient.start(home, {}, { command: ['/bin/sh', '-c', script, BINARY, fifo] })

    for (let round = 0; round < 5; round++) expect(await client.callText('loud__echo')).toBe('here')
  })

  test('one whose child holds its output open fails the call when it ends', async () => {
    using home = homeOfOdd('leaves-child')
    await using client = await RawClient.start(home)

    expect(textOf(await client.call('odd__echo'))).toContain('exit code 3')
  })

  test('one that no longer reads is noticed, though it lives on', async () => {
    const script = `read -r line; exec 0<&-; echo '${INITIALIZED}'; sleep 1000`
    // the monitor of bubblewrap would hold the other end of the pipe
    const more = { ...UNSHIELDED, command: 'sh', args: ['-c', script] }
    using home = new TempHome(configOf([{ id: 'deaf', more }]))
    await using client = await RawClient.start(home)

    expect(textOf(await client.call('deaf__any'))).toContain('it no longer reads')
  })

  test.each([
    ['mute-list', 'was not answered within 1 s'],
    ['endless-list', 'gives the same cursor twice'],
    ['huge-list', 'over 16 MiB'],
  ])('one whose tools/list never ends (%s) is given up', (kind, reason) => {
    using home = homeOfOdd(kind, { startup_timeout_sec: 1 })
    const { exitCode, stderr } = home.runSync(['tools', 'list'])

    expect(stderr).toContain(reason)
    expect(exitCode).toBe(1)
  })

  test('one whose list never ends is asked for no more pages after its time', async () => {
    const more = { startup_timeout_sec: 1 }
    using home = new TempHome(configOf([{ id: 'one', script: 'odd', args: ['lists-without-end'], more }]))
    await using client = await RawClient.start(home)

    await client.request('tools/list')
    await client.stderrHas('tools/list was not answered')

    const asked = await client.callText('one__listed')
    expect(Number(asked)).toBeGreaterThan(1)
    expect(await client.callText('one__listed')).toBe(asked)
  })

  test('one that announces a changed list 2,000 times is asked a few times', async () => {
    using home = homeOfOdd('restless', { pin: 'off' })
    await using client = await RawClient.start(home)
    expect(namesOf(await client.request('tools/list'))).toHaveLength(1)

    await client.notification('notifications/tools/list_changed')

    const [name = ''] = namesOf(await client.request('tools/list'))
    expect(Number(name.split('-').at(-1))).toBeWithin(2, 10)
  })

  test('a call over call_timeout_sec fails; a question to the client keeps it alive', async () => {
    using home = new TempHome(configOf([{ id: 'slow', more: { call_timeout_sec: 1 } }]))
    await using client = await RawClient.start(home, { sampling: {} })
    await client.call('slow__echo')

    const call = client.callText('slow__ask', { method: 'sampling/createMessage' })
    const question = await client.waitFor(({ method }) => method === 'sampling/createMessage', 'the question')
    expect(textOf(await client.call('slow__echo', { message: 'x' }))).toBe('x')
    expect(textOf(await client.call('slow__hold'))).toContain('did not answer within 1 s')
    client.send({ id: question.id, result: {} })

    expect(await call).toContain('"result":{}')
  })
})

test('a call that makes progress is not given up, one that makes none is', async () => {
  using home = homeOfOdd('works', { call_timeout_sec: 1 })
  await using client = await RawClient.start(home)

  const working = client.call('odd__work', {}, { progressToken: 'p' })
  await client.notification('notifications/progress')
  expect(textOf(await client.call('odd__hold'))).toContain('did not answer within 1 s')
  await client.call('odd__finish')

  expect(textOf(await working)).toBe('finished')
})

test('a question that nobody answers holds its own call, and no other', async () => {
  using home = new TempHome(configOf([{ id: 'one', more: { call_timeout_sec: 1 } }]))
  await using client = await RawClient.start(home, { sampling: {} })
  await client.callText('one__echo', { message: 'awake' })

  const held = client.call('one__hold')
  client.send({
    id: 'asks',
    method: 'tools/call',
    params: { name: 'one__ask', arguments: { method: 'sampling/createMessage' } },
  })
  const question = await client.waitFor(({ method }) => method === 'sampling/createMessage', 'the question')

  expect(textOf(await held)).toContain('did not answer within 1 s')
  client.send({ id: question.id, result: { late: true } })
  expect(textOf(await client.reply('asks'))).toContain('late')
})
