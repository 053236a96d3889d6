import { afterEach, describe, expect, test } from 'bun:test'
import { existsSync, lstatSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import { join } from 'node:path'
import { hasStrace } from '../helpers/faults.ts'
import { configOf, UNSHIELDED } from '../helpers/fixtures.ts'
import { RawClient } from '../helpers/mcp-client.ts'
import { eventually, isRunning } from '../helpers/processes.ts'
import { BINARY, TempHome } from '../helpers/temp-home.ts'

const homes: TempHome[] = []

function homeOf(config = configOf([{ id: 'one', more: UNSHIELDED }])): TempHome {
  const home = new TempHome(config)
  homes.push(home)
  return home
}

afterEach(() => {
  for (const home of homes.splice(0)) {
    home.runSync(['daemon', 'stop'])
    home[Symbol.dispose]()
  }
})

const connect = (home: TempHome, cwd?: string) =>
  RawClient.start(home, {}, { command: [BINARY, 'connect'], ...(cwd === undefined ? {} : { cwd }) })
const statusOf = (home: TempHome) => JSON.parse(home.runSync(['daemon', 'status', '--json']).stdout)

describe('the daemon', () => {
  test('starts in the background, says what it is, and stops', () => {
    const home = homeOf()

    expect(home.runSync(['daemon', 'status']).exitCode).toBe(1)
    expect(home.runSync(['serve', '--daemon']).stderr).toContain('started in the background')
    expect(statusOf(home)).toMatchObject({ running: true, sessions: 0 })
    expect(home.runSync(['serve', '--daemon']).stderr).toContain('runs already')
    const { pid } = statusOf(home)
    expect(home.runSync(['daemon', 'stop']).stdout).toContain(`process ${pid} has ended`)

    expect(isRunning(pid)).toBe(false)
    expect(home.runSync(['daemon', 'stop']).stdout).toContain('no daemon is running')
  })

  test('gives a client that reads late every reply, whole and once', async () => {
    const home = homeOf()
    await using neighbour = await connect(home)
    const socket = createConnection(home.file('run/gateway.sock'))
    socket.write(home.read('run/proof'))
    const send = (id: number, method: string, params: object) =>
      new Promise<void>((resolve) => {
        socket.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`, () => resolve())
      })
    const client = {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'late', version: '1' },
    }
    const textOf = (id: number) => `${id} `.repeat(1500)
    const ids = Array.from({ length: 150 }, (_, n) => n + 1)

    socket.pause()
    await send(0, 'initialize', client)
    for (const id of ids)
      await send(id, 'tools/call', { name: 'one__echo', arguments: { message: textOf(id) } })
    await neighbour.callText('one__echo', { message: 'the daemon goes on' })
    let received = ''
    socket.on('data', (chunk) => {
      received += chunk
    })
    socket.resume()

    await eventually(() => received.split('\n').length > ids.length + 1, 'all replies')
    const replies = received
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    const texts = new Map(replies.map(({ id, result }) => [id, result.content?.[0].text]))
    socket.destroy()
    expect(replies).toHaveLength(ids.length + 1)
    expect(ids.filter((id) => texts.get(id) !== textOf(id))).toEqual([])
  })

  test('is one, however many start it at once', async () => {
    const home = homeOf()

    const starts = await Promise.all(Array.from({ length: 5 }, () => home.run(['serve', '--daemon'])))

    expect(starts.map(({ exitCode }) => exitCode)).toEqual(Array(5).fill(0))
    const pids = starts.map(({ stderr }) => /process (\d+)/.exec(stderr)?.[1])
    expect(new Set(pids).size).toBe(1)
  })

  test('keeps other users out: folder 0700, socket 0600; a folder that is open is refused', () => {
    const home = homeOf()
    home.runSync(['serve', '--daemon'])

    expect(lstatSync(home.file('run')).mode & 0o777).toBe(0o700)
    expect(lstatSync(home.file('run/gateway.sock')).mode & 0o777).toBe(0o600)

    const open = homeOf()
    mkdirSync(open.file('run'), 0o755)
    const { exitCode, stderr } = open.runSync(['serve', '--daemon'])
    expect(exitCode).toBe(1)
    expect(stderr).toContain('hint: chmod 700')
  })

  test('killed, leaves no server behind, and the next takes its place', async () => {
    const home = homeOf()
    const client = await connect(home)
    const server = JSON.parse(await client.callText('one__environment')).pid
    const { pid } = statusOf(home)

    process.kill(pid, 'SIGKILL')

    expect(await client.process.exited).toBe(1)
    expect(client.stderr).toContain('the daemon has ended')
    await eventually(() => !isRunning(server), 'the server is gone')
    await using again = await connect(home)
    expect(await again.callText('one__echo', { message: 'back' })).toBe('back')
  })
})

describe('connect', () => {
  test('starts the daemon when there is none, and joins the one there is', async () => {
    const home = homeOf()

    await using first = await connect(home)
    await using second = await connect(home)

    expect(await first.callText('one__echo', { message: 'a' })).toBe('a')
    expect(await second.callText('one__echo', { message: 'b' })).toBe('b')
    expect(statusOf(home).sessions).toBe(2)
    const pids = await Promise.all(
      [first, second].map(async (client) => JSON.parse(await client.callText('one__environment')).pid),
    )
    expect(new Set(pids).size).toBe(2)
  })

  test('a client that leaves takes its servers with it, and no others', async () => {
    const home = homeOf()
    await using stays = await connect(home)
    const leaves = await connect(home)
    const pidOf = async (client: RawClient) => JSON.parse(await client.callText('one__environment')).pid
    const [kept, gone] = [await pidOf(stays), await pidOf(leaves)]

    expect(await leaves.close()).toBe(0)

    await eventually(() => !isRunning(gone), 'its server is gone')
    expect(isRunning(kept)).toBe(true)
  })

  test('`cwd: client` is the folder of the client, not of the daemon', async () => {
    const home = homeOf(configOf([{ id: 'one', more: { cwd: 'client' } }]))
    home.runSync(['serve', '--daemon'])
    const folder = join(home.folder, 'project')
    mkdirSync(folder)

    await using client = await connect(home, folder)

    expect(JSON.parse(await client.callText('one__environment')).cwd).toBe(realpathSync(folder))
  })

  test('a slow reader of many megabytes gets all of them, and the daemon stays small', async () => {
    const home = homeOf()
    home.runSync(['serve', '--daemon'])
    const { pid } = statusOf(home)
    const script = `(printf '%s\\n' '${INITIALIZE}'; for n in $(seq 300); do
      printf '{"jsonrpc":"2.0","id":"c%s","method":"tools/call","params":{"name":"one__big","arguments":{"bytes":1000000}}}\\n' $n
    done; until [ -e "$1" ]; do sleep 0.1; done) | "$0" connect | (sleep 1.5; head -c 300000001 | wc -c; touch "$1")`

    const done = join(home.folder, 'done')
    const run = Bun.spawn(['/bin/sh', '-c', script, BINARY, done], { env: home.env, stdout: 'pipe' })
    let peak = 0
    const watch = setInterval(() => {
      peak = Math.max(peak, residentMib(pid))
    }, 50)
    const text = await new Response(run.stdout).text()
    clearInterval(watch)

    expect(Number(text)).toBeGreaterThan(300 * 1_000_000)
    expect(peak).toBeLessThan(240)
  }, 60_000)

  test('200 sessions at once each get their own answers', async () => {
    const home = homeOf(configOf([]))
    home.runSync(['serve', '--daemon'])

    const answers = await Promise.all(Array.from({ length: 200 }, (_, n) => pingOverSocket(home, n)))

    expect(answers).toEqual(Array.from({ length: 200 }, (_, n) => [`ping-${n}`, `list-${n}`]))
    await eventually(() => statusOf(home).sessions === 0, 'all have left')
  }, 60_000)
})

const INITIALIZE = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 't', version: '1' } },
})

function residentMib(pid: number): number {
  const kib = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Number(kib ?? 0) / 1024
}

/** The ids of the replies to a ping and a list, in the order in which they came. */
async function pingOverSocket(home: TempHome, n: number): Promise<unknown[]> {
  const socket = createConnection(home.file('run/gateway.sock'))
  socket.write(home.read('run/proof'))
  const send = (message: object) => socket.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
  socket.write(`${INITIALIZE}\n`)
  send({ id: `ping-${n}`, method: 'ping' })
  send({ id: `list-${n}`, method: 'tools/list' })
  let text = ''
  for await (const chunk of socket) {
    text += String(chunk)
    if (text.split('\n').length > 3) break
  }
  socket.destroy()
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).id)
    .filter((id) => id !== 1)
}

test('a relative configuration is the one that the daemon runs with, and nobody is given another', async () => {
  using home = new TempHome(configOf([{ id: 'one' }]))
  writeFileSync(join(home.folder, 'team.yaml'), configOf([{ id: 'team' }]))
  const cwd = home.folder
  try {
    expect(home.runSync(['serve', '--daemon', '--config', 'team.yaml'], { cwd }).exitCode).toBe(0)

    expect(home.runSync(['daemon', 'status']).stdout).toContain(join(home.folder, 'team.yaml'))
    const refused = home.runSync(['connect'], { cwd })
    expect({ exitCode: refused.exitCode, stdout: refused.stdout }).toEqual({ exitCode: 1, stdout: '' })
    expect(refused.stderr).toContain('runs with')
    await using client = RawClient.raw(home, {
      command: [BINARY, 'connect', '--config', 'team.yaml'],
      cwd,
    })
    await client.request('initialize', { protocolVersion: '2025-11-25', capabilities: {} })
    expect(await client.callText('team__echo', { message: 'here' })).toBe('here')
  } finally {
    home.runSync(['daemon', 'stop'])
  }
})

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

test('a client that only writes and closes gets the answers all the same', async () => {
  const home = homeOf()
  const initialize = {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'test', version: '1' },
  }
  const stdin = `${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params: initialize })}\n`

  for (const command of ['connect', 'serve'])
    expect({ command, said: home.runSync([command], { stdin }).stdout }).toEqual({
      command,
      said: expect.stringContaining('"id":1,'),
    })
})

test('one that does not answer is named as such, with what to do', () => {
  const home = homeOf(configOf([]))
  home.runSync(['serve', '--daemon'])
  const { pid } = statusOf(home)
  process.kill(pid, 'SIGSTOP')

  for (const command of [['daemon', 'status'], ['connect']]) {
    const { exitCode, stderr } = home.runSync(command)
    expect({ command, exitCode, stderr }).toMatchObject({ exitCode: 1 })
    expect(stderr).toContain('does not answer')
    expect(stderr).toContain('kill -9')
  }
  process.kill(pid, 'SIGCONT')
}, 30_000)

test('one whose home was removed ends, as nobody can reach it', async () => {
  using home = new TempHome(configOf([]))
  home.runSync(['serve', '--daemon'])
  const { pid } = statusOf(home)

  rmSync(home.path, { recursive: true })

  await eventually(() => !isRunning(pid), 'it has ended', 15_000)
  expect(existsSync(home.path)).toBe(false)
})
