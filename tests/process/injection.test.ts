import { describe, expect, test } from 'bun:test'
import { filesHolding, formsOf } from '../helpers/canary.ts'
import { configOf, UNSHIELDED } from '../helpers/fixtures.ts'
import { introduction, RawClient } from '../helpers/mcp-client.ts'
import { eventually, runningProcesses } from '../helpers/processes.ts'
import { TempHome } from '../helpers/temp-home.ts'

const NASTY = '$HOME `x` "q" \'s\' \\n %s\nsecond line\r\n😀 ü\ttail'

describe('D18: what a server gets', () => {
  const scopes = [
    // public, as the test has to see what arrives
    { id: 'a', keys: [{ name: 'A_TOKEN', public: true }] },
    { id: 'b', keys: [{ name: 'B_TOKEN' }] },
  ]
  const entries = [
    {
      id: 'one',
      more: {
        ...UNSHIELDED,
        auth_scope: 'a',
        env: { PLAIN: 'p', A_TOKEN: 'overridden' },
        inherit_env: ['WANTED', 'BUN_X', 'MISSING'],
      },
    },
    { id: 'two', more: { auth_scope: 'b' } },
    { id: 'none' },
  ]

  test('allow-listed names, its own settings and its own keys; nothing of ours, of Bun or of another scope', async () => {
    using home = new TempHome(configOf(entries, scopes))
    home.put('a', 'A_TOKEN', NASTY)
    home.put('b', 'B_TOKEN', 'of b')
    const env = {
      WANTED: 'w',
      UNWANTED: 'u',
      BUN_X: 'b',
      NODE_OPTIONS: '--no-warnings',
      GITHUB_TOKEN: 'host',
      MCPLEXER_LOG_LEVEL: 'warn',
    }
    const client = RawClient.raw(home, { env })
    await client.request('initialize', introduction())
    const envOf = async (server: string) => JSON.parse(await client.callText(`${server}__environment`)).env

    const [one, two, none] = [await envOf('one'), await envOf('two'), await envOf('none')]
    await client.close()

    expect(one).toMatchObject({ A_TOKEN: NASTY, PLAIN: 'p', WANTED: 'w' })
    expect(two).toMatchObject({ B_TOKEN: 'of b' })
    for (const got of [one, two, none]) {
      expect(
        Object.keys(got).filter((name) =>
          /^(MCPLEXER_|BUN_|LD_|NODE_OPTIONS)|UNWANTED|GITHUB_TOKEN/.test(name),
        ),
      ).toEqual([])
    }
    expect([two['A_TOKEN'], one['B_TOKEN'], none['A_TOKEN'], none['B_TOKEN'], two['WANTED']]).toEqual(
      Array(5).fill(undefined),
    )
  })

  test('a missing key fails the call with its name and the command, and starts nothing; putting it mends the next call', async () => {
    using home = new TempHome(configOf(entries, scopes))
    await using client = await RawClient.start(home)

    const failed = await client.callText('one__environment')
    expect(failed).toContain('A_TOKEN')
    expect(failed).toContain('mcplexer secret put a A_TOKEN')
    home.put('a', 'A_TOKEN', 'now')

    expect(JSON.parse(await client.callText('one__environment')).env.A_TOKEN).toBe('now')
  })

  test('a call in the moment of the change is not cut off', async () => {
    using home = new TempHome(configOf([{ id: 'one', more: { auth_scope: 'a' } }], [{ id: 'a' }]))
    home.put('a', 'TOKEN', 'the-first-value')
    await using client = await RawClient.start(home)

    for (let n = 0; n < 20; n++) {
      home.put('a', 'TOKEN', `another-value-${n}`)
      expect(await client.callText('one__environment')).toContain('[redacted a/TOKEN]')
      // the server is answered within the call, so it must still be listened to
      expect(await client.callText('one__ping')).toBe('{}')
    }
  })

  test('a changed secret reaches the next call in a fresh process', async () => {
    using home = new TempHome(configOf(entries, scopes))
    home.put('a', 'A_TOKEN', 'old')
    await using client = await RawClient.start(home)
    const first = JSON.parse(await client.callText('one__environment'))

    home.put('a', 'A_TOKEN', 'new')
    let second = first
    await eventually(async () => {
      second = JSON.parse(await client.callText('one__environment'))
      return second.pid !== first.pid
    }, 'the server was replaced')

    expect([first.env.A_TOKEN, second.env.A_TOKEN]).toEqual(['old', 'new'])
  })

  test('the canary is nowhere: no file, no argv, no line on stderr, no reply but the tool’s own', async () => {
    const canary = `canary-${crypto.randomUUID()}`
    using home = new TempHome(configOf(entries, scopes))
    home.put('a', 'A_TOKEN', canary)
    const client = await RawClient.start(home)
    await client.request('tools/list')
    await client.callText('one__echo', { message: 'x' })
    const commandLines = runningProcesses().map(({ commandLine }) => commandLine)
    home.runSync(['rotate-key'])
    await client.callText('one__exit')
    await client.close()

    expect(filesHolding(home.folder, canary)).toEqual([])
    for (const form of formsOf(canary)) {
      expect(client.stderr + client.lines.join('\n') + commandLines.join('\n')).not.toContain(form.toString())
    }
  })
})
