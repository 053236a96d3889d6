import { describe, expect, test } from 'bun:test'
import { existsSync, lstatSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import { join } from 'node:path'
import { connect, DaemonHome } from '../helpers/daemon-home.ts'
import { hasStrace } from '../helpers/faults.ts'
import { configOf } from '../helpers/fixtures.ts'
import { introduction, RawClient } from '../helpers/mcp-client.ts'
import { eventually, isRunning } from '../helpers/processes.ts'
import { BINARY, TempHome } from '../helpers/temp-home.ts'

describe('the daemon', () => {
  test('starts in the background, says what it is, and stops', () => {
    using home = new DaemonHome()

    expect(home.runSync(['daemon', 'status']).exitCode).toBe(1)
    expect(home.runSync(['serve', '--daemon']).stderr).toContain('started in the background')
    expect(home.status).toMatchObject({ running: true, sessions: 0 })
    expect(home.runSync(['serve', '--daemon']).stderr).toContain('runs already')
    const { pid } = home.status
    expect(home.runSync(['daemon', 'stop']).stdout).toContain(`process ${pid} has ended`)

    expect(isRunning(pid)).toBe(false)
    expect(home.runSync(['daemon', 'stop']).stdout).toContain('no daemon is running')
  })

  test('is one, however many start it at once', async () => {
    using home = new DaemonHome()

    const starts = await Promise.all(Array.from({ length: 5 }, () => home.run(['serve', '--daemon'])))

    expect(starts.map(({ exitCode }) => exitCode)).toEqual(Array(5).fill(0))
    const pids = starts.map(({ stderr }) => /process (\d+)/.exec(stderr)?.[1])
    expect(pids).toEqual(Array(5).fill(String(home.status.pid)))
  })

  test('keeps other users out: folder 0700, socket 0600; a folder that is open is refused', () => {
    using home = new DaemonHome()
    home.runSync(['serve', '--daemon'])

    expect(lstatSync(home.file('run')).mode & 0o777).toBe(0o700)
    expect(lstatSync(home.file('run/gateway.sock')).mode & 0o777).toBe(0o600)

    using open = new DaemonHome()
    mkdirSync(open.file('run'), 0o755)
    const { exitCode, stderr } = open.runSync(['serve', '--daemon'])
    expect(exitCode).toBe(1)
    expect(stderr).toContain('hint: chmod 700')
  })

  test('killed, leaves no server behind, and the next takes its place', async () => {
    using home = new DaemonHome()
    const client = await connect(home)
    const server = JSON.parse(await client.callText('one__environment')).pid
    const { pid } = home.status

    process.kill(pid, 'SIGKILL')

    expect(await client.process.exited).toBe(1)
    expect(client.stderr).toContain('the daemon has ended')
    await eventually(() => !isRunning(server), 'the server is gone')
    await using again = await connect(home)
    expect(await again.callText('one__echo', { message: 'back' })).toBe('back')
  })
})

test('a relative configuration is the one that the daemon runs with, and nobody is given another', async () => {
  using home = new DaemonHome()
  writeFileSync(join(home.folder, 'team.yaml'), configOf([{ id: 'team' }]))
  expect(home.runSync(['serve', '--daemon', '--config', 'team.yaml']).exitCode).toBe(0)

  expect(home.runSync(['daemon', 'status']).stdout).toContain(join(home.folder, 'team.yaml'))
  const refused = home.runSync(['connect'])
  expect({ exitCode: refused.exitCode, stdout: refused.stdout }).toEqual({ exitCode: 1, stdout: '' })
  expect(refused.stderr).toContain('runs with')
  await using client = RawClient.raw(home, { command: [BINARY, 'connect', '--config', 'team.yaml'] })
  await client.request('initialize', introduction())
  expect(await client.callText('team__echo', { message: 'here' })).toBe('here')
})

test('one that does not answer is named as such, with what to do', () => {
  using home = new DaemonHome(configOf([]))
  home.runSync(['serve', '--daemon'])
  const { pid } = home.status
  process.kill(pid, 'SIGSTOP')

  for (const command of [['daemon', 'status'], ['connect']]) {
    const { exitCode, stderr } = home.runSync(command)
    expect({ command, exitCode, stderr }).toMatchObject({ exitCode: 1 })
    expect(stderr).toContain('does not answer')
    expect(stderr).toContain('kill -9')
  }
  process.kill(pid, 'SIGCONT')
}, 30_000)

test('a client that does not read keeps no daemon from ending', async () => {
  using home = new TempHome(configOf([{ id: 'one' }]))
  expect(home.runSync(['serve', '--daemon']).exitCode).toBe(0)
  const socket = createConnection({ path: home.file('run/gateway.sock'), allowHalfOpen: true })
  socket.pause()
  socket.write(home.read('run/proof'))
  await new Promise((resolve) => socket.write('{"jsonrpc":"2.0","id":1,"method":"ping"}\n', resolve))

  expect(home.runSync(['daemon', 'stop']).exitCode).toBe(0)

  expect(home.runSync(['serve', '--daemon']).stderr).toContain('started in the background')
  expect(home.runSync(['daemon', 'stop']).exitCode).toBe(0)
  socket.destroy()
})

test.skipIf(!hasStrace)(
  'one that was started beside another, and is late, does not outlive it',
  async () => {
    using home = new TempHome(configOf([]))
    // each program, and so what it starts in the background, begins a second late
    const inject = ['-e', 'trace=execve', '-e', 'inject=execve:delay_exit=1000000']
    const late = Bun.spawn(['strace', '-f', '-qq', '-o', '/dev/null', ...inject, BINARY, 'serve', '--daemon'], {
      env: home.env,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    await eventually(() => existsSync(home.file('run')), 'it is about to start another')
    expect(home.runSync(['serve', '--daemon']).exitCode).toBe(0)
    for await (const chunk of late.stderr) if (Buffer.from(chunk).includes('runs already')) break

    expect(home.runSync(['daemon', 'stop']).exitCode).toBe(0)

    // strace ends with the last of those that it watches
    await eventually(() => late.exitCode !== null, 'all of it has ended')
    expect(home.runSync(['daemon', 'status']).exitCode).toBe(1)
  },
  30_000,
)

test('one whose home was removed ends, as nobody can reach it', async () => {
  using home = new DaemonHome(configOf([]))
  home.runSync(['serve', '--daemon'])
  const { pid } = home.status

  rmSync(home.path, { recursive: true })

  await eventually(() => !isRunning(pid), 'it has ended', 15_000)
  expect(existsSync(home.path)).toBe(false)
})
