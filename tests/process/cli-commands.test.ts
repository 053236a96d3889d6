import { describe, expect, test } from 'bun:test'
import { existsSync, symlinkSync, writeFileSync } from 'node:fs'
import { configOf } from '../helpers/fixtures.ts'
import { TempHome } from '../helpers/temp-home.ts'

const SCOPES = 'auth_scopes: [{ id: a }, { id: b, keys: [{ name: T }] }]'

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
    const { stdout } = home.shell(
      `cd '${home.folder}'; rm -r home; ${before}; ${listed}; echo; ${init} && echo done; ${listed}`,
    )

    const [was, is] = stdout.split('\n\n')
    expect(is).toBe(`${was}\n`)
  })

  test('and what was there stays', () => {
    using home = new TempHome(SCOPES)
    home.put('a', 'K', 'v')
    home.shell(`cd '${home.path}'; rm mcplexer.yaml; chmod 644 age.key`)

    expect(home.runSync(['init']).exitCode).toBe(1)

    home.shell(`cd '${home.path}'; chmod 600 age.key`)
    expect(home.runSync(['secret', 'get', 'a', 'K']).stdout).toBe('v')
    expect(existsSync(home.file('mcplexer.yaml'))).toBe(false)
  })
})

test.each(['status', 'audit list', 'audit verify', 'servers review'])(
  '%s: a record that is no database is named, with what to do',
  (command) => {
    using home = new TempHome()
    writeFileSync(home.file('activity.db'), 'not a database '.repeat(100), { mode: 0o600 })

    const { exitCode, stderr } = home.runSync(command.split(' '))

    expect(exitCode).toBe(1)
    expect(stderr).toBe(
      `mcplexer: error: ${home.file('activity.db')}: it is not a database\n` +
        'mcplexer: hint: put a backup in its place, or move it away\n',
    )
  },
)

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
    home.shell(`cd '${home.path}'; ${script}`)

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

test('tools list of a configuration without servers says where they go', () => {
  using home = new TempHome()

  const { exitCode, stdout, stderr } = home.runSync(['tools', 'list'])

  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: 'no tools\n' })
  expect(stderr).toBe(
    `mcplexer: hint: write a server into ${home.file('mcplexer.yaml')}; its comments say how\n`,
  )
})

test('tools list names at its end the servers that failed, as long lists push away what was said before', () => {
  using home = new TempHome(
    configOf([
      { id: 'one' },
      { id: 'two', more: { command: 'no-such-program' } },
      { id: 'off', more: { disabled: true } },
    ]),
  )

  const { exitCode, stdout, stderr } = home.runSync(['tools', 'list'])

  expect(exitCode).toBe(1)
  expect(stdout).toContain('one__echo')
  expect(stderr).toEndWith('\nmcplexer: error: 1 server could not be listed: two\n')
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
