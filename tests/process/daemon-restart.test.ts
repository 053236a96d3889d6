import { expect, test } from 'bun:test'
import { mkdirSync } from 'node:fs'
import { connect } from '../helpers/daemon-home.ts'
import { configOf } from '../helpers/fixtures.ts'
import { TempHome } from '../helpers/temp-home.ts'

const NUMBER = expect.stringMatching(/^\d+$/)

test('a client that comes back while the daemon still ends its servers gets the next daemon', async () => {
  using home = new TempHome(configOf([{ id: 'one', script: 'odd', args: ['stubborn'] }]))
  const before = await connect(home)
  const first = await before.callText('one__echo')

  const stop = home.run(['daemon', 'stop'])
  expect(await before.process.exited).toBe(1)
  const after = await connect(home)

  expect([first, await after.callText('one__echo')]).toEqual([NUMBER, NUMBER])
  expect((await stop).stdout).toContain('has ended')
  await after.close()
  expect(home.runSync(['daemon', 'stop']).exitCode).toBe(0)
}, 30_000)

test('one that cannot start is not waited for, and says why in the foreground', () => {
  using home = new TempHome(configOf([]))
  mkdirSync(home.file('run'), 0o700)
  mkdirSync(home.file('run/daemon.lock'))

  const startedMs = performance.now()
  const inBackground = home.runSync(['serve', '--daemon'])

  expect(inBackground.stderr).toContain('the daemon did not start')
  expect(performance.now() - startedMs).toBeLessThan(5000)
  const inForeground = home.runSync(['serve', '--daemon', '--foreground'])
  expect(inForeground.exitCode).toBe(1)
  expect(inForeground.stderr).toContain(`${home.file('run/daemon.lock')}: it cannot be opened`)
})

test('a second one in the foreground is told at once which one runs', () => {
  using home = new TempHome(configOf([]))
  home.runSync(['serve', '--daemon'])
  const { pid } = JSON.parse(home.runSync(['daemon', 'status', '--json']).stdout)

  const { exitCode, stderr } = home.runSync(['serve', '--daemon', '--foreground'])

  expect(exitCode).toBe(1)
  expect(stderr).toContain(`process ${pid} runs already`)
  expect(home.runSync(['daemon', 'stop']).exitCode).toBe(0)
})
