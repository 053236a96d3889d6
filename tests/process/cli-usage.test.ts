import { afterAll, describe, expect, test } from 'bun:test'
import { rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { commands, pathOf } from '../../src/cli/commands/index.ts'
import { TempHome } from '../helpers/temp-home.ts'

const SCOPES = 'auth_scopes: [{ id: a }, { id: b, keys: [{ name: T }] }]'

describe('help', () => {
  const COMMANDS = [
    'init',
    'serve',
    'secret put',
    'secret get',
    'secret list',
    'secret delete',
    'scope list',
    'scope delete',
    'rotate-key',
    'config check',
    'config schema',
    'status',
    'tools list',
    'tools call',
    'version',
  ]
  const home = new TempHome()
  afterAll(() => home[Symbol.dispose]())

  test('of the whole fits 80 columns, names every command and begins with what it is', () => {
    const { exitCode, stdout, stderr } = home.runSync(['--help'])

    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    expect(stdout).toStartWith('mcplexer stands between AI clients and MCP servers')
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([])
    for (const command of COMMANDS) expect(stdout).toContain(command)
    for (const same of [[], ['-h'], ['help']]) expect(home.runSync(same)).toMatchObject({ exitCode: 0, stdout })
  })

  test.each(commands.map(pathOf))('of `%s` has usage, options and examples', (command) => {
    const { exitCode, stdout, stderr } = home.runSync([...command.split(' '), '--help'])

    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    expect(stdout).toMatch(
      new RegExp(
        `Usage\\n  mcplexer ${command}[\\s\\S]*Options[\\s\\S]*--config FILE[\\s\\S]*Examples\\n  \\S[\\s\\S]*mcplexer`,
      ),
    )
    expect(stdout).not.toMatch(/#0|<\w+>|undefined/)
    expect(home.runSync(['help', ...command.split(' ')]).stdout).toBe(stdout)
  })

  test('shows what has to be there without brackets, and what follows --', () => {
    expect(home.runSync(['key', 'protect', '--help']).stdout).toContain(
      'mcplexer key protect --with HOW [--identity FILE] [--recipient RECIPIENT] [-- COMMAND…]\n',
    )
    expect(home.runSync(['serve', '--help']).stdout).toContain('mcplexer serve [--http [HOST:PORT] | --daemon')
    expect(home.runSync(['config', 'check', '--help']).stdout).toContain('mcplexer config check [FILE…]\n')
  })

  test('of a group lists its commands', () => {
    expect(home.runSync(['secret', '--help'])).toMatchObject({ exitCode: 0, stderr: '' })
    expect(home.runSync(['secret', '--help']).stdout).toMatch(
      /secret put SCOPE KEY \[VALUE\][\s\S]*secret delete/,
    )
  })

  test('version says the same in three ways', () => {
    const { exitCode, stdout } = home.runSync(['version'])

    expect(exitCode).toBe(0)
    expect(stdout).toMatch(/^mcplexer \S+ \(bun /)
    for (const same of ['--version', '-V']) expect(home.runSync([same]).stdout).toBe(stdout)
  })
})

describe('wrong usage exits 2, says what is right and repeats nothing of what was typed', () => {
  const TOKEN = 'ghp_0123456789abcdefghijABCDEFGHIJ012345'
  const cases: [string[], RegExp][] = [
    [['secret'], /is a group of commands[\s\S]*secret put SCOPE KEY \[VALUE\]/],
    [
      ['secret', 'putt', 'a', 'K', TOKEN],
      /there is no command `mcplexer secret putt`\n.*did you mean `mcplexer secret put`\?/,
    ],
    [['secret', 'set', 'a', 'K'], /did you mean `mcplexer secret put`\?/],
    [['daemon', 'start'], /did you mean `mcplexer serve --daemon`\?/],
    [['secret', 'put', 'a', 'K', '--dash'], /on stdin, or behind `--`/],
    [['serve', '--http', '99999'], /error: a port is a number from 0 \(any free one\) to 65535/],
    [['serve', '--http', 'x:y'], /error: the address is not HOST:PORT/],
    [['serve', '--http=x:y'], /error: the address is not HOST:PORT/],
    [['serve', '--foreground'], /serve --daemon --foreground/],
    [['rotate-key', '--dry-run', '--keep-old', 'f'], /--keep-old has nothing to keep/],
    [['audit', 'list', '--kind', TOKEN], /one of call, start,/],
    [['audit', 'list', '--decision', TOKEN], /one of allowed,/],
    [['tools', 'call', 'x', TOKEN], /arguments are not a JSON object/],
    [['stats'], /there is no command `mcplexer stats`\n.*did you mean `mcplexer status`\?/],
    [[TOKEN], /`mcplexer --help` lists them/],
    [['secret', 'put', 'a'], /usage: mcplexer secret put SCOPE KEY \[VALUE\]/],
    [['secret', 'put', 'a', 'K', TOKEN, 'more'], /usage: /],
    [['secret', 'put', 'a', 'K', `--from-fil=${TOKEN}`], /usage: /],
    [['secret', 'put', 'a', 'K', '--from-file'], /hint: FILE is missing behind --from-file\n/],
    [['key', 'protect', '--with', '--', 'pass'], /hint: HOW is missing behind --with\n/],
    [['rotate-key', '--keep-old'], /hint: FILE is missing behind --keep-old\n/],
    [['status', '--config'], /hint: FILE is missing behind --config\n/],
    [['--config'], /hint: FILE is missing behind --config\nmcplexer: hint: `mcplexer --help` lists them/],
    [['secret', 'put', 'a', 'K', TOKEN, '--from-env', 'HOME'], /from one place/],
    [['secret', 'put', 'a', TOKEN], /KEY looks like a GitHub token/],
    [['secret', 'get', 'a', 'K', TOKEN], /usage: /],
    [['tools', 'call'], /usage: mcplexer tools call NAME \[JSON\]/],
    [['serve', TOKEN], /usage: mcplexer serve/],
  ]

  test.each(cases)('%p', (args, message) => {
    using home = new TempHome(SCOPES)

    const { exitCode, stdout, stderr } = home.runSync(args)

    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
    expect(stderr).toStartWith('mcplexer: ')
    expect(stderr).toMatch(message)
    expect(stderr).not.toContain(TOKEN)
    expect(stderr).not.toMatch(/\n\s+at /)
  })

  test('what was typed in the wrong place is not repeated by a failure either', () => {
    using home = new TempHome(SCOPES)
    home.put('a', 'K', 'v')

    for (const args of [
      ['secret', 'put', 'a', 'K', '--from-file', TOKEN],
      ['secret', 'put', 'a', 'K', '--from-env', TOKEN],
      ['secret', 'put', TOKEN, 'K', 'v'],
      ['secret', 'get', 'a', TOKEN],
      ['secret', 'get', TOKEN, 'K'],
      ['secret', 'delete', 'a', TOKEN],
      ['secret', 'list', TOKEN],
      ['scope', 'delete', TOKEN, '--yes'],
    ]) {
      const { exitCode, stderr } = home.runSync(args, { env: { MCPLEXER_LOG_LEVEL: 'debug' } })
      expect({ args, exitCode }).toEqual({ args, exitCode: 1 })
      expect(stderr).not.toContain(TOKEN)
    }
  })
})

test('what the system refuses is said in words, with what mends it', () => {
  using home = new TempHome(SCOPES)
  home.put('a', 'K', 'v')
  const keep = join(home.folder, 'no', 'such', 'old.key')

  expect(home.runSync(['secret', 'put', 'a', 'K', '--from-file', '/no/such']).stderr).toContain(
    'there is no such file or folder (ENOENT)',
  )
  expect(home.runSync(['secret', 'put', 'a', 'K', '--from-file', '/']).stderr).toContain('it is a folder')
  expect(home.runSync(['rotate-key', '--keep-old', keep]).stderr).toContain(`mkdir -p '${dirname(keep)}'`)
  rmSync(home.file('age.key'))
  expect(home.runSync(['key', 'restore', '/dev/zero']).stderr).toContain('is no backup of a key file')
})

test.each([
  [['scope', 'revoke', 'nope'], 'no auth scope of this name'],
  [['secret', 'list', 'nope'], 'no auth scope of this name'],
  [['secret', 'get', 'nope', 'K'], 'nothing is sealed under nope'],
  [['secret', 'put', 'nope', 'K', 'v'], 'no auth scope of this name'],
  [['tools', 'review', 'nope'], 'no server of this name'],
  [['servers', 'review', 'nope'], 'no server of this name'],
])('a name that nothing has is a failure, and no wrong usage: %p', (args, message) => {
  using home = new TempHome(SCOPES)

  expect(home.runSync(args)).toMatchObject({ exitCode: 1, stderr: expect.stringContaining(message) })
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
