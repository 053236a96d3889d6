import { describe, expect, test } from 'bun:test'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect, DaemonHome } from '../helpers/daemon-home.ts'
import { configOf, UNSHIELDED } from '../helpers/fixtures.ts'
import { RawClient, textOf } from '../helpers/mcp-client.ts'
import { meta } from '../helpers/modern-client.ts'
import { eventually, isRunning } from '../helpers/processes.ts'
import { BINARY, ROOT } from '../helpers/temp-home.ts'

/** A modern server `one` that was never seen, behind a daemon. `$1` is the record of its starts. */
class UnseenHome extends DaemonHome {
  readonly record = join(this.folder, 'record')

  /** `before`: what a shell does first; the line that says so is in the record already. */
  constructor(before: string, more: Record<string, unknown> = {}) {
    super()
    const server = [process.execPath, join(ROOT, 'tests/fixtures/servers/watched.ts'), '/dev/null', 'modern']
    const script = `echo started >>"$1"; ${before}; shift; exec "$@"`
    const command = { command: 'sh', args: ['-c', script, 'sh', this.record, ...server] }
    this.writeConfig(configOf([{ id: 'one', more: { ...command, startup_timeout_sec: 3, ...more } }]))
    this.runSync(['serve', '--daemon'])
  }

  get starts(): number {
    return existsSync(this.record) ? readFileSync(this.record, 'utf8').trim().split('\n').length : 0
  }
}

const modern = (home: DaemonHome) => RawClient.raw(home, { command: [BINARY, 'connect'], cwd: home.folder })
const CALL = { name: 'one__subscribed', arguments: {} }
const ask = async (client: RawClient) =>
  textOf(await client.request('tools/call', { ...CALL, _meta: meta({}) }, crypto.randomUUID()))

describe('sessions that call a modern server that was never seen, at the same moment', () => {
  test('of older revisions start it once', async () => {
    using home = new UnseenHome('sleep 0.5')
    const clients = await Promise.all([connect(home), connect(home), connect(home)])

    const texts = await Promise.all(clients.map((client) => client.callText('one__subscribed')))
    for (const client of clients) await client.close()

    expect(texts).toEqual(['', '', ''])
    expect(home.starts).toBe(1)
  })

  test('of the newer revision, and one of an older, start it once', async () => {
    using home = new UnseenHome('sleep 0.5')
    await using legacy = await connect(home)
    await using first = modern(home)
    await using second = modern(home)

    const asked = legacy.callText('one__subscribed')
    await eventually(() => home.starts === 1, 'it is started')
    const texts = await Promise.all([asked, ask(first), ask(second)])

    expect(texts).toEqual(['', '', ''])
    expect(home.starts).toBe(1)
  })

  test('one of an older revision that comes later uses the same process, once it knows', async () => {
    using home = new UnseenHome('echo $$ >>"$1.pids"', UNSHIELDED)
    const running = () =>
      readFileSync(`${home.record}.pids`, 'utf8').trim().split('\n').map(Number).filter(isRunning)
    await using first = modern(home)
    await ask(first)
    const [shared] = running()
    await using later = await connect(home)

    await later.callText('one__subscribed')

    await eventually(() => running().length === 1, 'only one goes on')
    expect(running()).toEqual([shared ?? 0])
    expect(await later.callText('one__subscribed')).toBe('')
    expect(await ask(first)).toBe('')
  })

  test('go on by themselves when the one that has started it leaves', async () => {
    using home = new UnseenHome('sleep 1')
    const leaving = await connect(home)
    await using staying = await connect(home)
    leaving.send({ id: 'early', method: 'tools/call', params: CALL })
    await eventually(() => home.starts === 1, 'it is started')

    const asked = staying.callText('one__subscribed')
    await leaving.vanish()

    expect(await asked).toBe('')
    expect(home.starts).toBe(2)
  })

  test.each([
    ['fails', 'exit 1'],
    ['hangs', 'exec sleep 1000'],
  ])('go on when the first start %s', async (_how, first) => {
    using home = new UnseenHome(`sleep 0.3; mkdir "$1.once" && ${first}`)
    const clients = await Promise.all([connect(home), connect(home)])

    const texts = await Promise.all(clients.map((client) => client.callText('one__subscribed')))
    for (const client of clients) await client.close()

    expect(texts.filter((text) => text.includes('did not start'))).toHaveLength(1)
    expect(texts.filter((text) => text === '')).toHaveLength(1)
    expect(home.starts).toBe(2)
  })
})

test('a session that comes later shares what another has found to be modern', async () => {
  using home = new UnseenHome('true')
  await using first = await connect(home)
  await using second = await connect(home)
  await first.callText('one__subscribed')

  await second.callText('one__subscribed')

  expect(home.starts).toBe(1)
})

test('a session that waits while another starts a server gets it as it is configured by then', async () => {
  using home = new DaemonHome()
  const [record, go] = [join(home.folder, 'record'), join(home.folder, 'go')]
  const script = `echo $WHICH >>'${record}'; until [ -e '${go}' ]; do sleep 0.01; done; exec "$0" "$@"`
  const args = ['-c', script, process.execPath, join(ROOT, 'tests/fixtures/servers/general.ts')]
  const configure = (WHICH: string): void =>
    home.writeConfig(configOf([{ id: 'one', more: { command: 'sh', args, env: { WHICH }, ...UNSHIELDED } }]))
  const hasStarted = (which: string) => (): boolean =>
    existsSync(record) && readFileSync(record, 'utf8').includes(which)
  configure('old')
  await using first = await connect(home)
  await using second = await connect(home)
  const starting = first.callText('one__environment')
  await eventually(hasStarted('old'), 'it is started')
  const waiting = second.callText('one__environment')
  await second.request('ping')

  configure('new')
  await eventually(hasStarted('new'), 'the new one is started')
  writeFileSync(go, '')
  const texts = await Promise.all([starting, waiting])

  expect(texts.map((text) => JSON.parse(text).env.WHICH)).toEqual(['old', 'new'])
})
