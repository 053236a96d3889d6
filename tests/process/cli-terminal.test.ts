import { describe, expect, test } from 'bun:test'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { configOf } from '../helpers/fixtures.ts'
import { TempHome } from '../helpers/temp-home.ts'
import { inTerminal } from '../helpers/terminal.ts'

const SCOPES =
  'auth_scopes: [{ id: a }, { id: b, keys: [{ name: T, description: a token, obtain: "https://example.com/t" }] }]'

test('secret get adds a newline on a terminal only', async () => {
  using home = new TempHome(SCOPES)
  home.put('a', 'K', 'value')

  expect((await inTerminal(home, ['secret', 'get', 'a', 'K'], [])).shown).toBe('value\n')
  expect(home.runSync(['secret', 'get', 'a', 'K']).stdout).toBe('value')
})

test('secret put doubts a name before it asks for the value, not after', async () => {
  using home = new TempHome(SCOPES)

  const { shown, exitCode } = await inTerminal(
    home,
    ['secret', 'put', 'b', 'TT'],
    [{ when: 'input is hidden', type: '\u0003' }],
  )

  expect(exitCode).toBe(130)
  expect(shown).toMatch(
    /TT is not declared under keys of b, which has T; did you mean T\?\s[\s\S]*TT of b \(input/,
  )
})

test('and asks for no value of a name that can be none, which may be the value itself', async () => {
  using home = new TempHome(SCOPES)

  const { shown, exitCode } = await inTerminal(home, ['secret', 'put', 'b', 'T=my-value'], [])

  expect(exitCode).toBe(1)
  expect(shown).toContain('a key name has letters')
  expect(shown).not.toMatch(/hidden|my-value/)
})

test('Ctrl-C ends audit tail -f, which exits as what was interrupted', async () => {
  using home = new TempHome('auth_scopes: [{ id: a }]')
  home.put('a', 'K', 'v')

  const { exitCode } = await inTerminal(home, ['audit', 'tail', '-f'], [{ when: 'secret put', kill: 'SIGINT' }])

  expect(exitCode).toBe(130)
})

test('Ctrl-C during a call says at once that the server is being stopped', async () => {
  const server = "command: sh, args: [-c, 'echo ready >&2; exec cat >/dev/null']"
  using home = new TempHome(`downstream_servers: [{ id: one, ${server} }]`)

  const { shown, exitCode } = await inTerminal(
    home,
    ['tools', 'call', 'one__x'],
    [{ when: 'one | ready', type: '\u0003' }],
  )

  expect(exitCode).toBe(130)
  expect(shown).toMatch(/mcplexer: stopping the server[\s\S]*was cancelled/)
})

test.each([[['tools', 'call', 'one__x']], [['tools', 'list']]])(
  '%p says which server it waits for',
  async (args) => {
    using home = new TempHome(
      "downstream_servers: [{ id: one, command: sh, args: [-c, 'exec cat >/dev/null'] }, { id: off, command: x, disabled: true }]",
    )

    const { exitCode } = await inTerminal(home, args, [{ when: 'mcplexer: waiting for one…', type: '\u0003' }])

    expect(exitCode).toBe(130)
  },
)

describe('at a terminal, where nobody speaks MCP,', () => {
  test.each(['serve', 'connect'])('%s says what it waits for', async (command) => {
    using home = new TempHome(SCOPES)
    try {
      const { shown } = await inTerminal(home, [command], [{ when: 'Ctrl-C ends it', type: '\u0003' }])

      expect(shown).toMatch(new RegExp(`mcplexer: ${command} speaks MCP with the AI client that starts it`))
    } finally {
      home.runSync(['daemon', 'stop'])
    }
  })
})

test('a usage is broken between options, and in none', async () => {
  using home = new TempHome(SCOPES)

  const { shown } = await inTerminal(home, ['key', 'protect', '--help'], [], { columns: 50 })

  expect(shown).toContain(
    '  mcplexer key protect --with HOW\n    [--identity FILE] [--recipient RECIPIENT]\n    [-- COMMAND…]\n',
  )
})

test('what serve --http says fits 80 columns, as it is not folded', async () => {
  using home = new TempHome(SCOPES)

  const { shown } = await inTerminal(
    home,
    ['serve', '--http', '0.0.0.0:0'],
    [{ when: 'token show', type: '\u0003' }],
  )

  expect(shown.split('\n').filter((line) => Bun.stringWidth(line) > 80)).toEqual([])
})

describe('what is shown', () => {
  test('errors have colour on a terminal, and none with NO_COLOR', async () => {
    using home = new TempHome(SCOPES)

    expect((await inTerminal(home, ['secret', 'get', 'x', 'K'], [])).shown).toContain(
      '\u001b[31mmcplexer: error:',
    )
    const plain = await inTerminal(home, ['secret', 'get', 'x', 'K'], [], { env: { NO_COLOR: '1' } })
    expect(plain.shown).toMatch(/^mcplexer: error: /)
  })

  test.each([40, 80])('tables and help keep to %i columns, but for what is to be copied', async (columns) => {
    using home = new TempHome(SCOPES)
    home.put('a', 'A_RATHER_LONG_NAME_OF_A_KEY', 'v')

    for (const args of [
      ['secret', 'list'],
      ['scope', 'list'],
      ['init'],
      ['secret', 'put', '--help'],
      ['secret', '--help'],
    ]) {
      const { shown } = await inTerminal(home, args, [], { columns, env: { NO_COLOR: '1' } })
      const wide = shown
        .split('\n')
        .filter((line) => line.length > columns && !/mcplexer|https:|age1/.test(line))
      expect({ args, wide }).toEqual({ args, wide: [] })
    }
  })

  const words = (text: string): string[] => text.split(/\s+/).filter(Boolean)
  test.each([
    [['secret', 'get', 'x', 'y'], 1],
    [['tools', 'call', 'x', '['], 2],
    [['secret', 'set'], 2],
    [['config', 'check', 'nope.yaml'], 1],
    [['config', 'check'], 0],
    [['--help'], 0],
    [['rotate-key', '--help'], 0],
    [['secret', '--help'], 0],
    [['daemon', 'status'], 1],
    [['unlock'], 1],
  ])('%p at 40 columns breaks between words only, and a pipe gets no breaks', async (args, code) => {
    using home = new TempHome(SCOPES)
    const piped = home.runSync(args)

    const { shown, exitCode } = await inTerminal(home, args, [], { columns: 40, env: { NO_COLOR: '1' } })

    expect(exitCode).toBe(code)
    expect(words(shown).toSorted()).toEqual(words(piped.stderr + piped.stdout).toSorted())
    const wide = shown
      .split('\n')
      .filter((line) => line.length > 40 && !/^( {2,})?mcplexer [a-z]|[/`]/.test(line))
    expect(wide).toEqual([])
  })

  test('rotate-key says each step and never scrolls its progress', async () => {
    using home = new TempHome(SCOPES)
    home.put('a', 'K', 'v')

    const { shown, exitCode } = await inTerminal(home, ['rotate-key'], [])

    expect(exitCode).toBe(0)
    expect(shown).toMatch(
      /every scope opens\n[\s\S]*compared\n[\s\S]*committed\n[\s\S]*Re-sealed 1 scope, 1 key/,
    )
    expect(shown).not.toMatch(/1 of 1 scope\n/)
  })
})

describe('a terminal does not obey', () => {
  test('what a server has answered, though its JSON need not escape it', async () => {
    using home = new TempHome(configOf([{ id: 'one' }]))
    const args = ['tools', 'call', 'one__echo', JSON.stringify({ message: 'a\u009b31m\u202eb' })]

    const { shown } = await inTerminal(home, args, [])

    expect(shown).toContain('a\\u009b31m\\u202eb')
    expect(shown).not.toMatch(/[\u009b\u202e]/)
    // the same bytes as ever on a pipe
    expect(home.runSync(args).stdout).toContain('a\u009b31m\u202eb')
  })

  test('what stands in a path that is warned of', async () => {
    using home = new TempHome(configOf([]))
    const folder = join(home.folder, 'v\u001b]0;planted\u0007')
    mkdirSync(folder, { mode: 0o700 })
    writeFileSync(join(folder, 'activity.db'), 'no database at all, but long enough to look at')

    const env = { MCPLEXER_DB_DSN: join(folder, 'mcplexer.db') }
    const { shown } = await inTerminal(home, ['tools', 'list'], [], { env })

    expect(shown).toContain('v\\u{1b}]0;planted\\u{7}')
    expect(shown).not.toContain('\u001b]0;')
  })

  test('what a configuration names as a program or a folder', () => {
    using home = new TempHome(
      configOf([{ id: 'one', more: { command: 'x\nmcplexer: hint: do this', cwd: '/\u001b[31m' } }]),
    )

    const { exitCode, stderr } = home.runSync(['config', 'check'])

    expect(exitCode).toBe(1)
    expect(stderr.match(/no control characters/g)).toHaveLength(2)
  })
})
