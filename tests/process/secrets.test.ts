import { describe, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { filesHolding, formsOf } from '../helpers/canary.ts'
import { configOf, UNSHIELDED } from '../helpers/fixtures.ts'
import { RawClient } from '../helpers/mcp-client.ts'
import { runningProcesses } from '../helpers/processes.ts'
import { TempHome } from '../helpers/temp-home.ts'

const NASTY = '$HOME `x` "q" \'s\' \\n %s\nsecond line\r\n😀 ü\ttail'
const SCOPES = 'auth_scopes: [{ id: a }, { id: declared, keys: [{ name: WANTED }] }]'

describe('D14: a value comes back byte for byte', () => {
  test('from stdin, with one newline at the end dropped', () => {
    using home = new TempHome(SCOPES)

    home.put('a', 'K', `${NASTY}\n\n`)

    expect(home.runSync(['secret', 'get', 'a', 'K']).stdout).toBe(`${NASTY}\n`)
  })

  test('from a file, from a variable, and empty', () => {
    using home = new TempHome(SCOPES)
    writeFileSync(home.file('value'), `${NASTY}\n`)

    home.runSync(['secret', 'put', 'a', 'FILE', '--from-file', home.file('value')])
    home.runSync(['secret', 'put', '--from-env', 'MY_VALUE', 'a', 'VARIABLE'], { env: { MY_VALUE: NASTY } })
    home.runSync(['secret', 'put', 'a', 'EMPTY', ''])

    expect(home.runSync(['secret', 'get', 'a', 'FILE']).stdout).toBe(`${NASTY}\n`)
    expect(home.runSync(['secret', 'get', 'a', 'VARIABLE']).stdout).toBe(NASTY)
    expect(home.runSync(['secret', 'get', 'a', 'EMPTY'])).toMatchObject({ exitCode: 0, stdout: '' })
  })

  test('as an argument, also one that begins with a dash, and with a warning', () => {
    using home = new TempHome(SCOPES)
    const pem = '-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n'

    const { exitCode, stderr } = home.runSync(['secret', 'put', 'a', 'PEM', pem])

    expect(exitCode).toBe(0)
    expect(stderr).toContain('shell history')
    expect(home.runSync(['secret', 'get', 'a', 'PEM']).stdout).toBe(pem)
  })

  test('from a prompt that does not show it; a pasted text of several lines is taken whole', async () => {
    using home = new TempHome(SCOPES)
    for (const [key, typed, value] of [
      ['TYPED', 'hunter\u007f\u007fing-2\r', 'hunting-2'],
      ['PASTED', '\u001b[200~one\rtwo\u001b[201~\r', 'one\ntwo'],
    ] as const) {
      const shown = await inTerminal(home, ['secret', 'put', 'a', key], 'hidden', typed)

      expect(shown).not.toContain('hunt')
      expect(shown).not.toContain('two')
      expect(home.runSync(['secret', 'get', 'a', key]).stdout).toBe(value)
    }
  })

  test('Ctrl-C at the prompt changes nothing and exits 130', async () => {
    using home = new TempHome(SCOPES)

    const shown = await inTerminal(home, ['secret', 'put', 'a', 'K'], 'hidden', 'abc\u0003')

    expect(shown).toContain('cancelled')
    expect(home.runSync(['secret', 'get', 'a', 'K']).exitCode).toBe(1)
  })
})

describe('D15: what no environment can carry is refused at put, without the value', () => {
  const CANARY = 'canary-7f3a91'
  const cases: [string, string, string | Uint8Array][] = [
    ['a NUL', 'K', `${CANARY}\0x`],
    ['128,001 bytes', 'K', CANARY + 'x'.repeat(128_000 - CANARY.length)],
    ['invalid UTF-8', 'K', new Uint8Array([...Buffer.from(CANARY), 0xff])],
    ['a name with =', 'A=B', CANARY],
    ['a name that preloads code', 'LD_PRELOAD', CANARY],
    ['NODE_OPTIONS', 'NODE_OPTIONS', CANARY],
    ['our own', 'MCPLEXER_AGE_KEY', CANARY],
  ]

  test.each(cases)('%s', (_name, key, value) => {
    using home = new TempHome(SCOPES)

    const { exitCode, stdout, stderr } = home.runSync(['secret', 'put', 'a', key], {
      stdin: value,
      env: { MCPLEXER_LOG_LEVEL: 'debug' },
    })

    expect(exitCode).toBe(1)
    expect(stdout + stderr).not.toContain(CANARY)
    expect(home.runSync(['secret', 'list', '--json']).stdout).toContain('"keys": []')
  })

  test('128,000 bytes with the name are fine', () => {
    using home = new TempHome(SCOPES)
    home.put('a', 'K', 'x'.repeat(127_999))

    expect(home.runSync(['secret', 'get', 'a', 'K']).stdout.length).toBe(127_999)
  })
})

test('wrong usage exits 2 and never repeats what was typed', () => {
  using home = new TempHome(SCOPES)
  for (const args of [
    ['secret', 'put', 'a', 'K', 'canary-typed', 'extra'],
    ['secret', 'putt', 'a', 'K', 'canary-typed'],
    ['secret', 'get', 'a', 'K', 'canary-typed'],
    ['canary-typed'],
    ['rotate-key', '--canary-typed'],
  ]) {
    const { exitCode, stdout, stderr } = home.runSync(args)
    expect({ args, exitCode, stdout }).toEqual({ args, exitCode: 2, stdout: '' })
    expect(stderr).toContain('mcplexer: error: ')
    expect(stderr).not.toContain('canary-typed')
  }
})

test('an unknown scope names the nearest, an undeclared key is noted', () => {
  using home = new TempHome(SCOPES)

  expect(home.runSync(['secret', 'put', 'declard', 'K', 'v']).stderr).toContain('did you mean declared?')
  expect(home.runSync(['secret', 'put', 'declared', 'OTHER', 'v']).stderr).toContain('not declared under keys')
  expect(home.runSync(['secret', 'list']).stdout).toMatch(
    /declared\s+WANTED\s+missing\n\nmcplexer secret put declared WANTED/,
  )
  expect(home.runSync(['status', '--json']).stdout).toContain('"name": "WANTED"')
})

test('a sealed scope that is no longer in the file is shown, kept, and deleted on demand', () => {
  using home = new TempHome(SCOPES)
  home.put('a', 'K', 'v')
  home.writeConfig('auth_scopes: []')

  expect(home.runSync(['scope', 'list']).stdout).toContain('not in the file')
  expect(home.runSync(['scope', 'delete', 'a']).stderr).toContain('--yes')
  expect(home.runSync(['secret', 'get', 'a', 'K']).stdout).toBe('v')
  expect(home.runSync(['scope', 'delete', 'a', '--yes']).exitCode).toBe(0)
  expect(home.runSync(['scope', 'list']).stdout).toBe('no auth scopes yet\n')
})

test('a reader that closes the pipe early ends the command cleanly', () => {
  using home = new TempHome()
  const { stderr } = Bun.spawnSync(
    ['/bin/sh', '-c', `"$0" config schema | head -1`, `${import.meta.dir}/../../dist/mcplexer`],
    {
      env: home.env,
    },
  )

  expect(stderr.toString()).toBe('')
})

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
    await client.request('initialize', { protocolVersion: '2025-11-25', capabilities: {} })
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
    const deadline = performance.now() + 5000
    while (second.pid === first.pid && performance.now() < deadline)
      second = JSON.parse(await client.callText('one__environment'))

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

async function inTerminal(home: TempHome, args: string[], prompt: string, typed: string): Promise<string> {
  let shown = ''
  let isTyped = false
  const child = Bun.spawn([`${import.meta.dir}/../../dist/mcplexer`, ...args], {
    env: home.env,
    terminal: {
      cols: 80,
      rows: 24,
      data(terminal, data) {
        shown += new TextDecoder().decode(data)
        if (isTyped || !shown.includes(prompt) || !shown.includes('\u001b[?2004h')) return
        isTyped = true
        terminal.write(typed)
      },
    },
  })
  await child.exited
  child.terminal?.close()
  return shown
}

test('a large value comes whole through a pipe whose reader is slow', () => {
  using home = new TempHome(SCOPES)
  home.put('a', 'K', 'x'.repeat(127_000))

  const { stdout } = Bun.spawnSync(
    ['/bin/sh', '-c', '"$0" secret get a K | (sleep 0.3; wc -c)', `${import.meta.dir}/../../dist/mcplexer`],
    { env: home.env },
  )

  expect(stdout.toString().trim()).toBe('127000')
})

test('help and usage errors are plain text that fits 80 columns, whatever Clipanion would do', () => {
  using home = new TempHome(SCOPES)
  const texts = [
    home.runSync(['--help']).stdout,
    home.runSync(['secret', 'put', '--help']).stdout,
    home.runSync(['rotate-key', '--help']).stdout,
    home.runSync(['secret', 'put']).stderr,
  ]

  for (const text of texts) {
    expect(text).not.toContain('\u001b')
    expect(text).not.toMatch(/#\d|━/)
  }
  for (const text of texts.slice(0, 3)) {
    expect(text.split('\n').filter((line) => line.length > 80)).toEqual([])
  }
})
