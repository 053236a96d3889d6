import { afterAll, describe, expect, test } from 'bun:test'
import { existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { commands, pathOf } from '../../src/cli/commands/index.ts'
import { configOf } from '../helpers/fixtures.ts'
import { eventually, runningProcesses } from '../helpers/processes.ts'
import { BINARY, TempHome } from '../helpers/temp-home.ts'

const SCOPES = 'auth_scopes: [{ id: a }, { id: b, keys: [{ name: T }] }]'

/** `"$0"` is the program. */
function shell(home: TempHome, script: string) {
  const { exitCode, stdout, stderr } = Bun.spawnSync(['/bin/sh', '-c', script, BINARY], { env: home.env })
  return { exitCode, stdout: stdout.toString(), stderr: stderr.toString() }
}

describe('stdout', () => {
  test('comes whole through a pipe whose reader is slow', () => {
    using home = new TempHome()

    const whole = home.runSync(['config', 'schema']).stdout
    const slow = shell(home, '"$0" config schema | (sleep 0.3; cat)').stdout

    expect(slow).toBe(whole)
    expect(JSON.parse(slow)).toBeObject()
  })

  test('that nobody reads any more ends the command cleanly', () => {
    using home = new TempHome(SCOPES)
    home.put('a', 'K', 'x\n'.repeat(60_000))

    expect(shell(home, '"$0" secret get a K | head -1')).toEqual({ exitCode: 0, stdout: 'x\n', stderr: '' })
    expect(shell(home, '("$0" secret get a K; echo $? >&2) | true').stderr).toBe('0\n')
  })

  test.skipIf(!existsSync('/dev/full'))(
    'on a full disk is an error: a cut value must not pass for the value',
    () => {
      using home = new TempHome(SCOPES)
      home.put('a', 'K', 'v')

      const { exitCode, stderr } = shell(home, '"$0" secret get a K > /dev/full')

      expect(exitCode).toBe(1)
      expect(stderr).toBe(
        'mcplexer: error: stdout cannot be written to: no room is left on the disk (ENOSPC)\n',
      )
    },
  )

  test('closed from the start does no harm to any file', () => {
    using home = new TempHome(SCOPES)
    home.put('a', 'K', 'canary-value')

    shell(home, '"$0" secret get a K >&-')

    expect(home.runSync(['secret', 'get', 'a', 'K']).stdout).toBe('canary-value')
  })

  test('has no colour and no cursor movement on a pipe, nor has stderr', () => {
    using home = new TempHome(SCOPES)
    home.put('a', 'K', 'v')

    for (const args of [
      ['--help'],
      ['secret', 'put', '--help'],
      ['status'],
      ['rotate-key'],
      ['secret', 'get', 'x', 'y'],
    ]) {
      const { stdout, stderr } = home.runSync(args)
      expect({ args, text: stdout + stderr }).not.toMatchObject({ text: expect.stringContaining('\u001b') })
    }
  })
})

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
    [['secret', 'put', 'a', 'K', '--from-file'], /usage: /],
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

describe('D14: secret put', () => {
  test('takes options before, between and behind, and everything behind -- as it is', () => {
    using home = new TempHome(SCOPES)
    writeFileSync(home.file('v'), 'from the file')
    const config = ['--config', home.file('mcplexer.yaml')]

    home.runSync(['secret', 'put', 'a', 'ONE', '--from-file', home.file('v'), ...config])
    home.runSync(['secret', 'put', `--from-file=${home.file('v')}`, 'a', 'TWO'])
    home.runSync(['secret', 'put', 'a', 'THREE', '--', '--from-file'])
    home.runSync([...config, 'secret', 'put', 'a', 'FOUR', '-4'])

    const values = ['ONE', 'TWO', 'THREE', 'FOUR'].map(
      (key) => home.runSync(['secret', 'get', 'a', key]).stdout,
    )
    expect(values).toEqual(['from the file', 'from the file', '--from-file', '-4'])
  })

  test('refuses an argument and a variable that are not UTF-8 rather than store something else', () => {
    using home = new TempHome(SCOPES)

    for (const command of [
      `"$0" secret put a K "$(printf 'x\\377')"`,
      `V=$(printf 'x\\377') "$0" secret put a K --from-env V`,
    ]) {
      expect(shell(home, command)).toMatchObject({
        exitCode: 1,
        stderr: expect.stringContaining('not valid UTF-8'),
      })
    }
  })

  test('reads no more than it needs of an endless file', () => {
    using home = new TempHome(SCOPES)

    for (const command of ['"$0" secret put a K --from-file /dev/zero', '"$0" secret put a K < /dev/zero'])
      expect(shell(home, command)).toMatchObject({
        exitCode: 1,
        stderr: expect.stringContaining('was not stored'),
      })
  })

  test('takes an empty value only from who means it', () => {
    using home = new TempHome(SCOPES)
    home.put('a', 'K', 'good')

    const { exitCode, stderr } = home.runSync(['secret', 'put', 'a', 'K'], { stdin: '' })
    expect({ exitCode, kept: home.runSync(['secret', 'get', 'a', 'K']).stdout }).toEqual({
      exitCode: 1,
      kept: 'good',
    })
    expect(stderr).toContain('no value was given; nothing was changed')

    expect(home.runSync(['secret', 'put', 'a', 'K', '']).stderr).toContain('note: the value is empty')
    expect(home.runSync(['secret', 'get', 'a', 'K'])).toMatchObject({ exitCode: 0, stdout: '' })
  })

  test('names the declared key that a misspelt one is near to', () => {
    using home = new TempHome('auth_scopes: [{ id: a, keys: [{ name: GITHUB_PERSONAL_ACCESS_TOKEN }] }]')

    const { stderr } = home.runSync(['secret', 'put', 'a', 'GITHUB_PERSONAL_ACESS_TOKEN'], { stdin: 'v' })

    expect(stderr).toContain('did you mean GITHUB_PERSONAL_ACCESS_TOKEN?')
  })

  test('understands a server in the place of its scope, and a scope in the place of the key', () => {
    using home = new TempHome(`${SCOPES}\ndownstream_servers: [{ id: github, command: x, auth_scope: b }]`)
    home.put('b', 'T', 'v')

    expect(home.runSync(['secret', 'put', 'github', 'T', 'v']).stderr).toContain('did you mean b?')
    expect(home.runSync(['secret', 'put', 'T', 'b', 'v'])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('hint: mcplexer secret put b KEY'),
    })
    expect(home.runSync(['secret', 'get', 'T', 'b']).stderr).toContain('b, which comes before the key?')
  })

  test('shows how to declare a scope that is not in the file', () => {
    using home = new TempHome(SCOPES)

    expect(home.runSync(['secret', 'put', 'new-scope', 'K', 'v']).stderr).toContain(
      'auth_scopes:\n    - id: new-scope\n',
    )
  })
})

test('a second init changes nothing, and says of each file that it was there', () => {
  using home = new TempHome(SCOPES)
  const before = home.read('age.key')

  const { exitCode, stdout } = home.runSync(['init'])

  expect({ exitCode, key: home.read('age.key') }).toEqual({ exitCode: 0, key: before })
  expect(stdout.match(/existed, left as it is/g)).toHaveLength(3)
})

describe('init that is refused leaves nothing that was not there', () => {
  const cases: [string, string, string][] = [
    ['a folder that others can write to', 'mkdir home; chmod 777 home', '"$0" init'],
    ['a key file that others can read', 'mkdir home; echo x > home/age.key', '"$0" init'],
    ['garbage for a key file', 'mkdir home; echo x > home/age.key; chmod 600 home/age.key', '"$0" init'],
    ['a vault that is none', 'mkdir home; echo is-this-a-database > home/mcplexer.db', '"$0" init'],
    ['a configuration below a file', 'true', '"$0" init --config /dev/null/x/y.yaml'],
    ['a key file below a file', 'true', 'MCPLEXER_AGE_KEY=/dev/null/x/age.key "$0" init'],
    ['a vault below a file', 'true', 'MCPLEXER_DB_DSN=/dev/null/x/y.db "$0" init'],
  ]

  test.each(cases)('%s', (_what, before, init) => {
    using home = new TempHome()
    const listed = 'find . | sort'
    const { stdout } = shell(
      home,
      `cd '${home.folder}'; rm -r home; ${before}; ${listed}; echo; ${init} && echo done; ${listed}`,
    )

    const [was, is] = stdout.split('\n\n')
    expect(is).toBe(`${was}\n`)
  })

  test('and what was there stays', () => {
    using home = new TempHome(SCOPES)
    home.put('a', 'K', 'v')
    shell(home, `cd '${home.path}'; rm mcplexer.yaml; chmod 644 age.key`)

    expect(home.runSync(['init']).exitCode).toBe(1)

    shell(home, `cd '${home.path}'; chmod 600 age.key`)
    expect(home.runSync(['secret', 'get', 'a', 'K']).stdout).toBe('v')
    expect(existsSync(home.file('mcplexer.yaml'))).toBe(false)
  })
})

describe('status', () => {
  test('shows what it can of a home where everything is wrong, and exits 1', () => {
    using home = new TempHome('auth_scopes: [{ id: 1 }]')
    writeFileSync(home.file('mcplexer.db'), 'not a database at all, but long enough to be looked at')
    writeFileSync(home.file('real.key'), home.read('age.key'))
    Bun.spawnSync(['rm', home.file('age.key')])
    symlinkSync(home.file('real.key'), home.file('age.key'))

    const { exitCode, stdout, stderr } = home.runSync(['status'])

    expect(exitCode).toBe(1)
    expect(stdout.match(/not usable, see below/g)).toHaveLength(3)
    expect(stderr.match(/mcplexer: error: /g)).toHaveLength(3)
  })

  test('of a home that is not there yet creates nothing', () => {
    using home = new TempHome()
    const env = { MCPLEXER_HOME: `${home.folder}/other` }

    expect(home.runSync(['status'], { env }).stderr).toContain('mcplexer init')
    expect(existsSync(env.MCPLEXER_HOME)).toBe(false)
  })

  test('says that the key file is gone', () => {
    using home = new TempHome(SCOPES)
    home.put('a', 'K', 'v')
    Bun.spawnSync(['rm', home.file('age.key')])

    expect(home.runSync(['status'])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('is missing'),
    })
  })

  const breakages: [string, string, RegExp][] = [
    [
      'is garbage',
      ': > age.key; echo garbage > age.key',
      /no valid age identity[\s\S]*mv .*; mcplexer key restore FILE/,
    ],
    ['is empty', ': > age.key', /holds no identity[\s\S]*mv .*; mcplexer key restore FILE/],
    ['is another one', 'MCPLEXER_HOME=$PWD/x "$0" init; cp x/age.key .', /does not hold the identity/],
    ['is open to others', 'chmod 644 age.key', /chmod 600/],
  ]

  test.each(breakages)('of a key file that %s says so, and how to mend it', (_how, script, message) => {
    using home = new TempHome(
      'auth_scopes: [{ id: a }]\ndownstream_servers: [{ id: one, command: sh, auth_scope: a }, { id: two, command: sh }]',
    )
    home.put('a', 'K', 'v')
    shell(home, `cd '${home.path}'; ${script}`)

    const { exitCode, stdout, stderr } = home.runSync(['status'])

    expect(exitCode).toBe(1)
    expect(stdout).toMatch(/key file .*not usable, see below/)
    expect(stdout).toMatch(/one .*the key file is not usable\ntwo .*nothing is missing/)
    expect(stderr).toMatch(message)
  })

  test('is JSON for a script', () => {
    using home = new TempHome(SCOPES)

    const { files, servers, missing } = JSON.parse(home.runSync(['status', '--json']).stdout)

    expect(files).toHaveLength(4)
    expect(servers).toEqual([])
    expect(missing).toEqual([{ scope: 'b', name: 'T', obtain: null }])
  })
})

describe('config check', () => {
  test('of a file that is fine but for what is not expanded warns, and exits 0', () => {
    using home = new TempHome(`downstream_servers: [{ id: a, command: x, env: { TOKEN: "\${TOKEN}" } }]`)

    const { exitCode, stdout, stderr } = home.runSync(['config', 'check'])

    expect({ exitCode, stdout }).toEqual({
      exitCode: 0,
      stdout: `${home.file('mcplexer.yaml')}: fine (1 server, 0 auth scopes)\n`,
    })
    expect(stderr).toMatch(/^mcplexer: warning: \S+mcplexer\.yaml:1:57: \$TOKEN is not expanded/)
    expect(stderr).toMatch(/\nmcplexer: hint: .*inherit_env/)
  })

  test('of a file that is not there names `init` only when nobody named the file', () => {
    using home = new TempHome()
    Bun.spawnSync(['rm', home.file('mcplexer.yaml')])
    const missing = (...args: string[]) => home.runSync(args).stderr

    expect(missing('config', 'check')).toContain('there is no such file\nmcplexer: hint: mcplexer init\n')
    for (const named of [
      missing('config', 'check', 'nope.yaml'),
      missing('tools', 'list', '--config', 'nope.yaml'),
      missing('status', '--config', 'nope.yaml'),
    ])
      expect(named).toMatch(/^mcplexer: error: \S*nope\.yaml: there is no such file\n$/)
  })
})

test('a file name cannot pass itself off as a message, nor paint the terminal', () => {
  using home = new TempHome()
  const path = `${home.folder}/x\u001b[31m\nmcplexer: error: fake`
  writeFileSync(path, 'unknown: 1')

  const { stderr } = home.runSync(['config', 'check', path])

  expect(stderr).not.toContain('\u001b')
  expect(stderr).not.toContain('\nmcplexer: error: fake')
  expect(stderr).toContain('\\u{1b}[31m\\u{a}mcplexer: error: fake:1:1: ')
})

test('tools list of a configuration without servers says where they go', () => {
  using home = new TempHome()

  const { exitCode, stdout, stderr } = home.runSync(['tools', 'list'])

  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: 'no tools\n' })
  expect(stderr).toBe(
    `mcplexer: hint: write a server into ${home.file('mcplexer.yaml')}; its comments say how\n`,
  )
})

describe('tools call', () => {
  test('of a tool that there is not names the nearest, by its whole name or its own', () => {
    using home = new TempHome(configOf([{ id: 'one' }]))
    home.runSync(['tools', 'list'])
    const refused = (name: string) => home.runSync(['tools', 'call', name])

    expect(refused('one__ehco')).toMatchObject({ exitCode: 1, stdout: '' })
    for (const typed of ['one__ehco', 'echo', 'noe__echo'])
      expect(refused(typed).stderr).toContain('hint: did you mean one__echo? `mcplexer tools list` shows')
    expect(refused('nam').stderr).toBe(
      'mcplexer: error: Unknown tool: nam\nmcplexer: hint: `mcplexer tools list` shows the tools there are\n',
    )
  })

  test('whose server cannot be asked says why on stderr, and nothing on stdout', () => {
    using home = new TempHome('downstream_servers: [{ id: one, command: no-such-program }]')

    const { exitCode, stdout, stderr } = home.runSync(['tools', 'call', 'one__echo'])

    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' })
    expect(stderr).toMatch(/^mcplexer: error: .*no-such-program.*\nmcplexer: hint: /)
  })

  test('whose tool says that it failed prints what it said, and exits 1', () => {
    using home = new TempHome(configOf([{ id: 'one' }]))

    const { exitCode, stdout } = home.runSync(['tools', 'call', 'one__fail'])

    expect({ exitCode, result: JSON.parse(stdout) }).toMatchObject({ exitCode: 1, result: { isError: true } })
  })
})

test('Ctrl-C during a call cancels it, ends the server and exits 130', async () => {
  using home = new TempHome()
  const record = `${home.folder}/record`
  home.writeConfig(configOf([{ id: 'one', args: [record] }]))
  const child = Bun.spawn([BINARY, 'tools', 'call', 'one__hold'], {
    env: home.env,
    stdout: 'pipe',
    stderr: 'pipe',
  })
  await eventually(
    () => existsSync(record) && readFileSync(record, 'utf8').includes('held'),
    'the call is there',
  )

  child.kill('SIGINT')

  expect(await child.exited).toBe(130)
  const said = await new Response(child.stderr).text()
  expect(said).toContain('was cancelled')
  expect(said).not.toContain('stopping')
  expect(readFileSync(record, 'utf8')).toContain('notifications/cancelled')
  expect(runningProcesses().filter(({ commandLine }) => commandLine.includes(record))).toEqual([])
})
