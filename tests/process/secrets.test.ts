import { describe, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { TempHome } from '../helpers/temp-home.ts'
import { inTerminal } from '../helpers/terminal.ts'

const NASTY = '$HOME `x` "q" \'s\' \\n %s\nsecond line\r\n😀 ü\ttail'
const SCOPES = 'auth_scopes: [{ id: a }, { id: declared, keys: [{ name: WANTED }] }]'
const PROMPT = '(input is hidden): '

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
      const { shown } = await inTerminal(home, ['secret', 'put', 'a', key], [{ when: PROMPT, type: typed }])

      expect(shown).not.toContain('hunt')
      expect(shown).not.toContain('two')
      expect(home.runSync(['secret', 'get', 'a', key]).stdout).toBe(value)
    }
  })

  test('Ctrl-C at the prompt changes nothing and exits 130', async () => {
    using home = new TempHome(SCOPES)

    const { shown, exitCode } = await inTerminal(
      home,
      ['secret', 'put', 'a', 'K'],
      [{ when: PROMPT, type: 'abc\u0003' }],
    )

    expect(exitCode).toBe(130)
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

  expect(home.runSync(['scope', 'list'])).toMatchObject({
    stdout: expect.stringContaining('not in the file; no server gets it'),
    stderr: expect.stringMatching(
      /is \S+mcplexer\.yaml the right file\? If so, `mcplexer scope delete a` forgets/,
    ),
  })
  expect(home.runSync(['scope', 'delete', 'a']).stderr).toContain('--yes')
  expect(home.runSync(['secret', 'get', 'a', 'K']).stdout).toBe('v')
  expect(home.runSync(['scope', 'delete', 'a', '--yes']).exitCode).toBe(0)
  expect(home.runSync(['scope', 'list']).stdout).toBe('no auth scopes yet\n')
})

test('status asks for the right file where it knows no scope of those that are sealed', () => {
  using home = new TempHome(SCOPES)
  home.put('a', 'K', 'v')
  expect(home.runSync(['status']).stderr).toBe('')

  home.writeConfig('auth_scopes: [{ id: other }]')

  expect(home.runSync(['status'])).toMatchObject({
    exitCode: 0,
    stderr: expect.stringMatching(
      /hint: nothing that is sealed is for an auth scope in \S+mcplexer\.yaml; --config or/,
    ),
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
