import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CERTIFICATE, CERTIFICATE_KEY } from '../fixtures/certificate.ts'
import { configOf } from '../helpers/fixtures.ts'
import { RawClient } from '../helpers/mcp-client.ts'
import { AS_NOBODY, giveToNobody, hasBwrap, isRoot } from '../helpers/nobody.ts'
import { eventually } from '../helpers/processes.ts'
import { BINARY, ROOT, TempHome } from '../helpers/temp-home.ts'

const canRun = isRoot && hasBwrap

let listed: Bun.Server<undefined>
let unlisted: Bun.Server<undefined>

beforeAll(() => {
  const tls = { cert: CERTIFICATE, key: CERTIFICATE_KEY }
  const answer = async (request: Request) => new Response(`hello ${(await request.text()).length}`)
  listed = Bun.serve({ port: 0, hostname: '127.0.0.1', tls, fetch: answer })
  unlisted = Bun.serve({ port: 0, hostname: '127.0.0.1', tls, fetch: answer })
})

afterAll(async () => {
  await Promise.all([listed.stop(true), unlisted.stop(true)])
})

function homeWith(more: Record<string, unknown>): TempHome {
  const home = new TempHome(
    configOf([
      { id: 'one', script: 'network', more: { network: [`127.0.0.1:${listed.port}`], ...more } },
      { id: 'none', script: 'network', more: { network: 'none' } },
    ]),
  )
  giveToNobody(home)
  return home
}

const waysOut = (home: TempHome) => readdirSync(home.file('run')).filter((name) => name.startsWith('egress'))

function start(home: TempHome): Promise<RawClient> {
  const command = [...AS_NOBODY, BINARY, 'serve']
  return RawClient.start(home, {}, { command, env: { HOME: home.folder }, cwd: home.folder })
}

describe.skipIf(!canRun)('a server with a list of hosts', () => {
  test.each([{}, { shield: 'strict', readable: [ROOT] }])(
    'reaches these and nothing else, with %o',
    async (more) => {
      using home = homeWith(more)
      await using client = await start(home)

      const reached = await client.callText('one__fetch', { url: `https://127.0.0.1:${listed.port}/` })
      const long = await client.callText('one__fetch', {
        url: `https://127.0.0.1:${listed.port}/`,
        length: 9e6,
      })
      const other = await client.callText('one__fetch', { url: `https://127.0.0.1:${unlisted.port}/` })
      const past = await client.callText('one__past', { port: listed.port })

      expect({ reached, long }).toEqual({ reached: '200 hello 0', long: '200 hello 9000000' })
      expect(other).toStartWith('failed')
      expect(past).toStartWith('failed')
      await client.stderrHas(`one wanted to reach 127.0.0.1:${unlisted.port}`)
    },
  )

  test('gets no other words through than CONNECT', async () => {
    using home = homeWith({})
    await using client = await start(home)
    const asked = (words: string) => client.callText('one__say', { words })

    expect(await asked('GET http://127.0.0.1/ HTTP/1.1\r\n\r\n')).toStartWith('HTTP/1.1 405')
    expect(await asked('CONNECT 127.0.0.1:22 HTTP/1.1\r\n\r\n')).toStartWith('HTTP/1.1 403')
    expect(await asked(`CONNECT localhost:${listed.port} HTTP/1.1\r\n\r\n`)).toStartWith('HTTP/1.1 403')
    expect(await asked('x'.repeat(9000))).toStartWith('HTTP/1.1 405')
  })

  test('cannot be used by its neighbour without a network', async () => {
    using home = homeWith({})
    await using client = await start(home)
    await client.callText('one__environment')

    expect(await client.callText('none__say', { words: 'CONNECT' })).toStartWith('failed')
    expect(await client.callText('none__past', { port: listed.port })).toStartWith('failed')
  })

  test('is given no other host before a person has approved it, not even as it ends', async () => {
    const entry = (ports: (number | undefined)[]) => ({
      id: 'one',
      script: 'network' as const,
      more: { auth_scope: 's', network: ports.map((port) => `127.0.0.1:${port}`) },
    })
    const scopes = [{ id: 's' }]
    using home = new TempHome(configOf([entry([listed.port])], scopes))
    home.put('s', 'TOKEN', 'a-token-for-one')
    giveToNobody(home)
    await using client = await start(home)
    await client.callText('one__environment')
    const go = join(home.folder, 'go')
    const running = client.callText('one__fetch', { url: `https://127.0.0.1:${unlisted.port}/`, after: go })
    await eventually(() => existsSync(`${go}.awaited`), 'the call is with the server')

    writeFileSync(home.file('mcplexer.yaml'), configOf([entry([listed.port, unlisted.port])], scopes))
    await client.stderrHas('has changed and is in force')
    expect(await client.callText('one__environment')).toContain('mcplexer servers review one')
    writeFileSync(go, '')

    expect(await running).toStartWith('failed')
  })

  test('ends as it would by itself, and leaves nothing in the folder', async () => {
    using home = homeWith({ call_timeout_sec: 20 })
    const client = await start(home)

    const last = await client.callText('one__exit')
    await client.close()

    expect(last).toContain('exit code 7')
    expect(waysOut(home)).toEqual([])
  })

  test('of a gateway that was killed leaves nothing for long', async () => {
    using home = homeWith({})
    const killed = await start(home)
    await killed.callText('one__environment')
    killed.process.kill('SIGKILL')
    await killed.process.exited
    const left = waysOut(home)

    await using next = await start(home)
    await next.request('tools/list')

    expect(left).toHaveLength(1)
    await eventually(() => !waysOut(home).includes(left[0] ?? ''), 'it is tidied up')
  })
})
