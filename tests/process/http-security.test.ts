import { describe, expect, test } from 'bun:test'
import { chmodSync, chownSync, copyFileSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { configOf } from '../helpers/fixtures.ts'
import { HttpClient, HttpGateway, initialize } from '../helpers/http-client.ts'
import { eventually } from '../helpers/processes.ts'
import { TempHome } from '../helpers/temp-home.ts'

const statusOf = async (gateway: HttpGateway, headers: Record<string, string | null>, method = 'POST') => {
  const response = await gateway.fetch(method, headers, method === 'POST' ? initialize() : undefined)
  expect([...response.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
  return response.status
}

describe('D20: who may ask', () => {
  test('a foreign Host or Origin, a missing or wrong token, another media type: each is refused', async () => {
    using home = new TempHome(configOf([]))
    await using gateway = await HttpGateway.start(home)

    expect(await statusOf(gateway, { Host: 'evil.com' })).toBe(403)
    expect(await statusOf(gateway, { Host: `evil.com:${gateway.port}` })).toBe(403)
    expect(await statusOf(gateway, { Host: '127.0.0.1:1' })).toBe(403)
    for (const origin of ['http://evil.com', 'http://127.0.0.1.evil.com', 'null', 'http://localhost@evil.com'])
      expect(await statusOf(gateway, { Origin: origin })).toBe(403)
    for (const token of [null, 'Bearer', 'Bearer wrong', `Basic ${gateway.token}`, `Bearer ${gateway.token}x`])
      expect(await statusOf(gateway, { Authorization: token })).toBe(401)
    expect(await statusOf(gateway, { Host: 'evil.com', Authorization: null })).toBe(403)
    expect(await statusOf(gateway, { 'Content-Type': 'text/plain' })).toBe(415)
    expect(await statusOf(gateway, { 'Content-Type': null })).toBe(415)
    for (const accept of [null, 'application/json', 'text/event-stream'])
      expect(await statusOf(gateway, { Accept: accept })).toBe(406)
  })

  test('loopback names and origins are served', async () => {
    using home = new TempHome(configOf([]))
    await using gateway = await HttpGateway.start(home)

    expect(await statusOf(gateway, {})).toBe(200)
    expect(await statusOf(gateway, { Host: `localhost:${gateway.port}` })).toBe(200)
    expect(await statusOf(gateway, { Origin: `http://127.0.0.1:${gateway.port}` })).toBe(200)
    expect(await statusOf(gateway, { 'Content-Type': 'Application/JSON; charset=utf-8' })).toBe(200)
  })

  test('OPTIONS and unknown methods are 405, other paths 404, a refusal of the token names the scheme', async () => {
    using home = new TempHome(configOf([]))
    await using gateway = await HttpGateway.start(home)

    for (const method of ['OPTIONS', 'PUT', 'PATCH']) expect(await statusOf(gateway, {}, method)).toBe(405)
    const headers = { Authorization: `Bearer ${gateway.token}` }
    expect((await fetch(gateway.url.replace('/mcp', '/'), { headers })).status).toBe(404)
    const refused = await gateway.fetch('POST', { Authorization: null }, initialize())
    expect(refused.headers.get('WWW-Authenticate')).toStartWith('Bearer')
  })

  test('it listens on 127.0.0.1 only', async () => {
    using home = new TempHome(configOf([]))
    await using gateway = await HttpGateway.start(home)

    const port = gateway.port.toString(16).toUpperCase().padStart(4, '0')
    const listening = ['tcp', 'tcp6']
      .flatMap((name) => readFileSync(`/proc/net/${name}`, 'utf8').split('\n'))
      .map((line) => line.trim().split(/\s+/))
      .filter(([, local = '', , state]) => state === '0A' && local.endsWith(`:${port}`))
    expect(listening.map(([, local]) => local)).toEqual([`0100007F:${port}`])
  })

  test('an address that is written out may be any, with a warning; one that is none is refused', async () => {
    using home = new TempHome(configOf([]))
    {
      await using gateway = await HttpGateway.start(home, ['0.0.0.0:0'])
      await eventually(() => gateway.stderr.includes('unencrypted'), 'the warning is there')
      gateway.url = gateway.url.replace('0.0.0.0', '127.0.0.1')
      expect(await statusOf(gateway, {})).toBe(200)
      expect(await statusOf(gateway, { Host: `evil.com:${gateway.port}` })).toBe(403)
    }
    expect(home.runSync(['serve', '--http', 'nonsense']).exitCode).toBe(2)
    expect(home.runSync(['serve', '127.0.0.1:1']).exitCode).toBe(2)
  })
})

describe('the token', () => {
  test('has 32 random bytes in a private file, is shown again, and a new one revokes it at once', async () => {
    using home = new TempHome(configOf([]))
    await using gateway = await HttpGateway.start(home)
    const client = await HttpClient.start(gateway)

    expect(gateway.token).toMatch(/^[\w-]{43}$/)
    expect(statSync(home.file('http.token')).mode & 0o777).toBe(0o600)
    expect(home.runSync(['token', 'show']).stdout.trim()).toBe(gateway.token)
    const old = gateway.token
    gateway.token = home.runSync(['token', 'new']).stdout.trim()
    expect(gateway.token).not.toBe(old)
    expect(await statusOf(gateway, { Authorization: `Bearer ${old}` })).toBe(401)
    expect(await statusOf(gateway, {})).toBe(200)
    expect((await client.request('ping')).status).toBe(404)
  })

  const isRoot = process.getuid?.() === 0
  const cases: [string, (path: string) => void][] = [
    ['others can read', (path) => chmodSync(path, 0o644)],
    ['is a link to another', (path) => link(path)],
    ['is a pipe', (path) => replace(path, () => Bun.spawnSync(['mkfifo', '-m', '600', path]))],
  ]
  const strangers: typeof cases = [['another user has put there', (path) => chownSync(path, 12345, 12345)]]

  test.each(cases)('a token file that %s is refused, and heard of by no client', refused)
  test.skipIf(!isRoot).each(strangers)('a token file that %s is refused, and heard of by no client', refused)

  async function refused(_what: string, spoil: (path: string) => void): Promise<void> {
    using home = new TempHome(configOf([]))
    await using gateway = await HttpGateway.start(home)
    expect(await statusOf(gateway, {})).toBe(200)
    spoil(home.file('http.token'))

    const { exitCode, stderr } = home.runSync(['serve', '--http', '127.0.0.1:0'])

    expect(exitCode).toBe(1)
    expect(stderr).toContain('mcplexer token new')
    expect(await statusOf(gateway, {})).toBe(401)
    expect(home.runSync(['token', 'new']).exitCode).toBe(0)
  }

  function replace(path: string, make: () => unknown): void {
    rmSync(path)
    make()
  }

  function link(path: string): void {
    copyFileSync(path, `${path}.other`)
    replace(path, () => symlinkSync(`${path}.other`, path))
  }
})

describe('what may come in', () => {
  test('a body over 64 MiB is 413, announced or not', async () => {
    using home = new TempHome(configOf([]))
    await using gateway = await HttpGateway.start(home)
    const tooBig = new Uint8Array(64 * 1024 * 1024 + 1).fill(0x20)

    expect((await gateway.fetch('POST', {}, tooBig)).status).toBe(413)
    const chunks = new ReadableStream({
      start(controller) {
        for (let sent = 0; sent <= 64; sent++) controller.enqueue(tooBig.subarray(0, 1024 * 1024))
        controller.close()
      },
    })
    const headers = {
      Authorization: `Bearer ${gateway.token}`,
      'Content-Type': 'application/json',
      Accept: 'application/json, text/event-stream',
    }
    expect((await fetch(gateway.url, { method: 'POST', headers, body: chunks })).status).toBe(413)
  })

  test('what is not JSON-RPC is 400 with the code for it', async () => {
    using home = new TempHome(configOf([]))
    await using gateway = await HttpGateway.start(home)
    const codeOf = async (body: string) => {
      const response = await gateway.fetch('POST', {}, body)
      expect(response.status).toBe(400)
      return ((await response.json()) as { error: { code: number } }).error.code
    }

    expect(await codeOf('')).toBe(-32700)
    expect(await codeOf('{"jsonrpc":"2.0","id":1,"method":"x\ny"}')).toBe(-32700)
    expect(await codeOf('{"jsonrpc":"2.0","id":1}')).toBe(-32600)
    expect(await codeOf('[]')).toBe(-32600)
  })
})
