import { describe, expect, test } from 'bun:test'
import { mkdirSync, realpathSync } from 'node:fs'
import { createConnection } from 'node:net'
import { join } from 'node:path'
import { connect, DaemonHome } from '../helpers/daemon-home.ts'
import { configOf } from '../helpers/fixtures.ts'
import { residentMib } from '../helpers/floods.ts'
import { initialize } from '../helpers/http-client.ts'
import { introduction, type RawClient } from '../helpers/mcp-client.ts'
import { eventually, isRunning } from '../helpers/processes.ts'
import { BINARY, type TempHome } from '../helpers/temp-home.ts'

describe('connect', () => {
  test('starts the daemon when there is none, and joins the one there is', async () => {
    using home = new DaemonHome()

    await using first = await connect(home)
    await using second = await connect(home)

    expect(await first.callText('one__echo', { message: 'a' })).toBe('a')
    expect(await second.callText('one__echo', { message: 'b' })).toBe('b')
    expect(home.status.sessions).toBe(2)
    const pids = await Promise.all(
      [first, second].map(async (client) => JSON.parse(await client.callText('one__environment')).pid),
    )
    expect(new Set(pids).size).toBe(2)
  })

  test('a client that leaves takes its servers with it, and no others', async () => {
    using home = new DaemonHome()
    await using stays = await connect(home)
    const leaves = await connect(home)
    const pidOf = async (client: RawClient) => JSON.parse(await client.callText('one__environment')).pid
    const [kept, gone] = [await pidOf(stays), await pidOf(leaves)]

    expect(await leaves.close()).toBe(0)

    await eventually(() => !isRunning(gone), 'its server is gone')
    expect(isRunning(kept)).toBe(true)
  })

  test('`cwd: client` is the folder of the client, not of the daemon', async () => {
    using home = new DaemonHome(configOf([{ id: 'one', more: { cwd: 'client' } }]))
    home.runSync(['serve', '--daemon'])
    const folder = join(home.folder, 'project')
    mkdirSync(folder)

    await using client = await connect(home, folder)

    expect(JSON.parse(await client.callText('one__environment')).cwd).toBe(realpathSync(folder))
  })

  test('gives a client that reads late every reply, whole and once', async () => {
    using home = new DaemonHome()
    await using neighbour = await connect(home)
    const socket = createConnection(home.file('run/gateway.sock'))
    socket.write(home.read('run/proof'))
    const send = (id: number, method: string, params: object) =>
      new Promise<void>((resolve) => {
        socket.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`, () => resolve())
      })
    const textOf = (id: number) => `${id} `.repeat(1500)
    const ids = Array.from({ length: 150 }, (_, n) => n + 1)

    socket.pause()
    await send(0, 'initialize', introduction())
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

  test('a slow reader of many megabytes gets all of them, and the daemon stays small', async () => {
    using home = new DaemonHome()
    home.runSync(['serve', '--daemon'])
    const { pid } = home.status
    const script = `(printf '%s\\n' '${initialize()}'; for n in $(seq 300); do
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
    expect(peak).toBeWithin(1, 240)
  }, 60_000)

  test('200 sessions at once each get their own answers', async () => {
    using home = new DaemonHome(configOf([]))
    home.runSync(['serve', '--daemon'])

    const answers = await Promise.all(Array.from({ length: 200 }, (_, n) => pingOverSocket(home, n)))

    expect(answers).toEqual(Array.from({ length: 200 }, (_, n) => [`ping-${n}`, `list-${n}`]))
    await eventually(() => home.status.sessions === 0, 'all have left')
  }, 60_000)
})

/** The ids of the replies to a ping and a list, in the order in which they came. */
async function pingOverSocket(home: TempHome, n: number): Promise<unknown[]> {
  const socket = createConnection(home.file('run/gateway.sock'))
  socket.write(home.read('run/proof'))
  const send = (message: object) => socket.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
  socket.write(`${initialize()}\n`)
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
    .filter((id) => id !== 0)
}

test('a client that only writes and closes gets the answers all the same', async () => {
  using home = new DaemonHome()
  const stdin = `${initialize()}\n`

  for (const command of ['connect', 'serve'])
    expect({ command, said: home.runSync([command], { stdin }).stdout }).toEqual({
      command,
      said: expect.stringContaining('"id":0,'),
    })
})
