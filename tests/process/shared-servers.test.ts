import { afterEach, expect, test } from 'bun:test'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { configOf } from '../helpers/fixtures.ts'
import { RawClient } from '../helpers/mcp-client.ts'
import { eventually } from '../helpers/processes.ts'
import { BINARY, TempHome } from '../helpers/temp-home.ts'

const homes: TempHome[] = []

afterEach(() => {
  for (const home of homes.splice(0)) {
    home.runSync(['daemon', 'stop'])
    home[Symbol.dispose]()
  }
})

/** One server `one` behind the daemon; `record()`: the lines that it has written down. */
function homeOf(more: Record<string, unknown>): { home: TempHome; record(): string[] } {
  const home = new TempHome()
  homes.push(home)
  const file = join(home.folder, 'record')
  home.writeConfig(configOf([{ id: 'one', args: [file], more }]))
  return { home, record: () => (existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []) }
}

const connect = (home: TempHome) => RawClient.start(home, {}, { command: [BINARY, 'connect'] })

test('a client that leaves in a call has it called back at a server that others use', async () => {
  const { home, record } = homeOf({ instances: 'shared' })
  await using neighbour = await connect(home)
  const leaving = await connect(home)
  await Promise.all([neighbour.callText('one__echo'), leaving.callText('one__echo')])

  leaving.send({ id: 'held', method: 'tools/call', params: { name: 'one__hold' } })
  await eventually(() => record().some((line) => line.includes('"held"')), 'the call')
  leaving.process.kill('SIGKILL')

  await eventually(() => record().some((line) => line.includes('notifications/cancelled')), 'the cancellation')
  expect(await neighbour.callText('one__echo', { message: 'here' })).toBe('here')
})

test('a client that leaves while it waits for a place starts no server', async () => {
  const { home, record } = homeOf({ max_instances: 1 })
  const first = await connect(home)
  await first.callText('one__echo')
  const second = await connect(home)
  second.send({ id: 'waiting', method: 'tools/call', params: { name: 'one__echo' } })
  second.send({ id: 'read', method: 'ping' })
  await second.reply('read')

  await second.vanish()
  await eventually(() => sessionsOf(home) === 1, 'the end of its session')
  await first.close()
  await eventually(() => sessionsOf(home) === 0, 'the end of the other')

  expect(record().filter((line) => line.includes('notifications/initialized'))).toHaveLength(1)
  const starts = home.runSync(['audit', 'list', '--json']).stdout.match(/"action": ?"start"/g)
  expect(starts).toHaveLength(1)
})

function sessionsOf(home: TempHome): number {
  return JSON.parse(home.runSync(['daemon', 'status', '--json']).stdout).sessions
}
