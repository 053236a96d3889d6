/** A 1 KB call over each way into the gateway, and beside a slow one. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { median, ms, Peer, print, quantile, type Setup } from './bench-peer.ts'

interface Bench {
  readonly binary: string
  readonly echo: string
  readonly home: string
}

const ROUNDS = 9
const CALLS = 300
const MESSAGE = 'm'.repeat(1000)

export async function benchWays({ binary, echo, home }: Bench): Promise<void> {
  const setups: Setup[] = [
    { name: 'direct', command: [echo], prefix: '' },
    { name: 'stdio', command: [binary, 'serve'], prefix: 'echo__' },
    { name: 'socket (connect)', command: [binary, 'connect'], prefix: 'echo__' },
  ]
  const peers = setups.map((setup) => new Peer(setup, home))
  for (const peer of peers) await peer.initialize()
  for (const peer of peers) for (let n = 0; n < 2000; n++) await peer.echo('warm')
  const http = await HttpPeer.start(binary, home)
  for (let n = 0; n < 1000; n++) await http.echo('warm')
  const callers = [...peers, http]
  const times = callers.map((): number[] => [])
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, caller] of callers.entries()) times[index]?.push(...(await timesOf(caller, CALLS)))
  }
  const base = median(times[0] ?? [])
  print('CALL of 1 KB by way, ms', ['p50', 'p99', 'added p50'])
  for (const [index, name] of [...setups.map((setup) => setup.name), 'HTTP'].entries()) {
    const own = times[index] ?? []
    print(name, [ms(median(own)), ms(quantile(own, 0.99)), ms(median(own) - base)])
  }
  print('1 KB BESIDE A 250 ms CALL, ms', ['p50', 'p99'])
  for (const [index, peer] of peers.entries()) {
    const beside: number[] = []
    for (let round = 0; round < 5; round++) {
      const slow = peer.request('tools/call', {
        name: `${setups[index]?.prefix}echo`,
        arguments: { message: 'slow' },
      })
      beside.push(...(await timesOf(peer, 100)))
      await slow
    }
    print(setups[index]?.name ?? '', [ms(median(beside)), ms(quantile(beside, 0.99))])
  }
  for (const peer of peers) await peer.end()
  await http.end()
  Bun.spawnSync([binary, 'daemon', 'stop'], { env: { ...process.env, MCPLEXER_HOME: home } })
}

async function timesOf(caller: { echo(message: string): Promise<void> }, count: number): Promise<number[]> {
  const times: number[] = []
  for (let n = 0; n < count; n++) {
    const started = performance.now()
    await caller.echo(MESSAGE)
    times.push(performance.now() - started)
  }
  return times
}

/** A client of `serve --http` that keeps its connection. */
class HttpPeer {
  readonly #process: Bun.Subprocess
  readonly #url: string
  readonly #headers: Record<string, string>
  #id = 0

  private constructor(process: Bun.Subprocess, url: string, headers: Record<string, string>) {
    this.#process = process
    this.#url = url
    this.#headers = headers
  }

  static async start(binary: string, home: string): Promise<HttpPeer> {
    const env = { ...process.env, MCPLEXER_HOME: home }
    const log = join(home, 'http.log')
    writeFileSync(log, '')
    const server = Bun.spawn([binary, 'serve', '--http', '127.0.0.1:0'], {
      env,
      stderr: Bun.file(log),
      stdout: 'ignore',
    })
    let url: string | undefined
    while (url === undefined) {
      await Bun.sleep(10)
      url = /http:\/\/[^\s;]+/.exec(await Bun.file(log).text())?.[0]
    }
    const token = Bun.spawnSync([binary, 'token', 'show'], { env }).stdout.toString().trim()
    const headers = {
      authorization: `Bearer ${token}`,
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
    }
    const params = {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'bench', version: '1' },
    }
    const body = JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'initialize', params })
    const opened = await fetch(url, { method: 'POST', headers, body })
    const session = opened.headers.get('mcp-session-id') ?? ''
    await opened.text()
    return new HttpPeer(server, url, { ...headers, 'mcp-session-id': session })
  }

  async echo(message: string): Promise<void> {
    const params = { name: 'echo__echo', arguments: { message } }
    const body = JSON.stringify({ jsonrpc: '2.0', id: ++this.#id, method: 'tools/call', params })
    const reply = await (await fetch(this.#url, { method: 'POST', headers: this.#headers, body })).text()
    if (!reply.includes(`"text":"${message}"`))
      throw new Error(`a reply was not what was sent: ${reply.slice(0, 200)}`)
  }

  async end(): Promise<void> {
    this.#process.kill()
    await this.#process.exited
  }
}
