import { describe, expect, test } from 'bun:test'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from '../helpers/daemon-home.ts'
import { configOf, UNSHIELDED } from '../helpers/fixtures.ts'
import { legacyServers } from '../helpers/legacy-servers.ts'
import { RawClient } from '../helpers/mcp-client.ts'
import { eventually, isRunning } from '../helpers/processes.ts'
import { ROOT, TempHome } from '../helpers/temp-home.ts'

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

  test('one that is replaced as it starts still serves the call that it was started for', async () => {
    using home = new TempHome()
    const [started, go] = [join(home.folder, 'started'), join(home.folder, 'go')]
    const waiting = `touch '${started}'; until [ -e '${go}' ]; do sleep 0.01; done; exec "$0" "$@"`
    const general = [process.execPath, join(ROOT, 'tests/fixtures/servers/general.ts')]
    const server = (id: string, args: string[]) => ({ id, command: 'sh', args, auth_scope: 'a', ...UNSHIELDED })
    const servers = [
      server('slow', ['-c', waiting, ...general]),
      server('other', ['-c', 'exec "$0" "$@"', ...general]),
    ]
    home.writeConfig(JSON.stringify({ auth_scopes: [{ id: 'a' }], downstream_servers: servers }))
    home.put('a', 'TOKEN', 'first')
    writeFileSync(go, '')
    home.runSync(['tools', 'list'])
    for (const file of [go, started]) rmSync(file)
    await using client = await RawClient.start(home)
    const pidOfOther = async () => JSON.parse(await client.callText('other__environment')).pid
    const before = await pidOfOther()

    const call = client.callText('slow__environment')
    await eventually(() => existsSync(started), 'it is being started')
    home.put('a', 'TOKEN', 'second')
    await eventually(async () => (await pidOfOther()) !== before, 'the change was seen')
    writeFileSync(go, '')

    expect(JSON.parse(await call).env.TOKEN).toBe('first')
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
})
