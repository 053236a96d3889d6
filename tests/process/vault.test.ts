import { Database } from 'bun:sqlite'
import { describe, expect, test } from 'bun:test'
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { filesHolding } from '../helpers/canary.ts'
import { configOf } from '../helpers/fixtures.ts'
import { changeDatabase, sealedRows } from '../helpers/sealed.ts'
import { TempHome } from '../helpers/temp-home.ts'

const SCOPES = 'auth_scopes: [{ id: a }, { id: b }, { id: c }]'
const age = Bun.which('age')
const isRoot = process.getuid?.() === 0

describe('D8: the sealed blob', () => {
  test.skipIf(age === null)(
    'is a plain age file that `age -d` opens, and a re-encrypted one is refused',
    () => {
      using home = new TempHome(SCOPES)
      home.put('a', 'TOKEN', 'top secret')
      const blob = join(home.folder, 'blob.age')
      writeFileSync(blob, sealedRows(home)[0]?.blob ?? '')

      const opened = Bun.spawnSync(['age', '-d', '-i', home.file('age.key'), blob])
      expect(opened.stdout.toString()).toMatch(/^mcplexer-scope\/1\na \d+\n1\nTOKEN 10\ntop secret\n$/)
      expect(Bun.spawnSync(['age-keygen', '-y', home.file('age.key')]).stdout.toString()).toMatch(/^age1\S+\n$/)

      const recipient = sealedRows(home)[0]?.recipient ?? ''
      const forged = Bun.spawnSync(['age', '-r', recipient], { stdin: opened.stdout })
      changeDatabase(home, 'update sealed_scopes set blob = ?', new Uint8Array(forged.stdout))
      const { exitCode, stderr } = home.runSync(['secret', 'get', 'a', 'TOKEN'])
      expect(exitCode).toBe(1)
      expect(stderr).toContain('auth scope a was changed outside of mcplexer')
    },
  )
})

describe('tampering is refused by name, and the other scopes go on', () => {
  const swap =
    'update sealed_scopes set blob = (select blob from sealed_scopes where scope_id = ?) where scope_id = ?'
  const cases: [string, (home: TempHome) => void][] = [
    ['a blob swapped between scopes', (home) => changeDatabase(home, swap, 'b', 'a')],
    [
      'a key renamed',
      (home) =>
        changeDatabase(
          home,
          `update sealed_scopes set keys = replace(keys, 'TOKEN', 'TAKEN') where scope_id = 'a'`,
        ),
    ],
    [
      'a generation raised',
      (home) => changeDatabase(home, `update sealed_scopes set generation = 99 where scope_id = 'a'`),
    ],
    [
      'unreadable key names',
      (home) => changeDatabase(home, `update sealed_scopes set keys = '{' where scope_id = 'a'`),
    ],
    [
      'a recipient forged',
      (home) =>
        changeDatabase(
          home,
          `update sealed_scopes set recipient = ? where scope_id = 'a'`,
          strangersRecipient(),
        ),
    ],
    [
      'a recipient forged, and the HMAC’s key with it',
      (home) => {
        const stranger = strangersRecipient()
        changeDatabase(
          home,
          `update sealed_scopes set recipient = ?, mac_key = ? where scope_id = 'a'`,
          stranger,
          stranger,
        )
      },
    ],
    ['a row deleted', (home) => changeDatabase(home, `delete from sealed_scopes where scope_id = 'a'`)],
    ['the whole row put back from last week', (home) => putBack(home)],
  ]

  test.each(cases)('%s', (_name, tamper) => {
    using home = new TempHome(SCOPES)
    for (const scope of ['a', 'b']) home.put(scope, 'TOKEN', `value of ${scope}`)
    tamper(home)

    const { exitCode, stdout, stderr } = home.runSync(['secret', 'get', 'a', 'TOKEN'])
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' })
    expect(stderr).toContain('auth scope a was changed')
    expect(home.runSync(['secret', 'get', 'b', 'TOKEN']).stdout).toBe('value of b')
    expect(home.runSync(['rotate-key']).stderr).toContain('auth scope a was changed')
    expect(home.runSync(['secret', 'list', '--json']).exitCode).toBe(0)

    home.put('a', 'TOKEN', 'mended')
    expect(home.runSync(['secret', 'get', 'a', 'TOKEN']).stdout).toBe('mended')
    expect(home.runSync(['rotate-key']).exitCode).toBe(0)
  })

  test('a vault whose rows were all deleted says so of each scope', () => {
    using home = new TempHome(SCOPES)
    home.put('a', 'TOKEN', 'x')
    changeDatabase(home, 'delete from sealed_scopes')

    expect(home.runSync(['secret', 'get', 'a', 'TOKEN']).stderr).toContain('auth scope a was changed')
    expect(home.runSync(['secret', 'get', 'b', 'TOKEN']).stderr).toContain('nothing is sealed')
  })

  test('a forged manifest makes every scope refused', () => {
    using home = new TempHome(SCOPES)
    home.put('a', 'TOKEN', 'x')
    changeDatabase(
      home,
      `update vault_state set manifest = ?`,
      new TextEncoder().encode('mcplexer-manifest/1\n1\na 1\n\n'),
    )

    expect(home.runSync(['secret', 'get', 'a', 'TOKEN']).stderr).toContain('auth scope a was changed')
  })

  test('a list that names a stranger’s key beside our rows is a forged list, not a missing key file', () => {
    using home = new TempHome(SCOPES)
    home.put('a', 'TOKEN', 'x')
    changeDatabase(home, 'update vault_state set mac_key = ?1, recipient = ?1', strangersRecipient())

    expect(home.runSync(['secret', 'get', 'a', 'TOKEN']).stderr).toContain('auth scope a was changed')
    expect(home.runSync(['rotate-key']).stderr).toContain('the list of auth scopes')
    home.put('a', 'TOKEN', 'mended')
    expect(home.runSync(['secret', 'get', 'a', 'TOKEN']).stdout).toBe('mended')
  })

  test('the key file of another vault is named as such, and no row is overwritten with it', () => {
    using home = new TempHome(SCOPES)
    using other = new TempHome(SCOPES)
    home.put('a', 'TOKEN', 'x')
    const own = home.read('age.key')
    copyFileSync(other.file('age.key'), home.file('age.key'))
    const attempts = () =>
      [
        ['secret', 'put', 'a', 'SECOND', 'y'],
        ['secret', 'delete', 'a', 'TOKEN'],
      ].map((args) => home.runSync(args).stderr)

    expect(home.runSync(['secret', 'get', 'a', 'TOKEN']).stderr).toContain('does not hold the identity')
    for (const stderr of attempts()) expect(stderr).toContain('does not hold the identity')
    changeDatabase(home, 'delete from vault_state')
    expect(attempts()[0]).toContain('does not hold the identity')

    expect(sealedRows(home).length).toBe(1)
    expect(home.read('age.key')).not.toBe(own)
  })

  function strangersRecipient(): string {
    using other = new TempHome(SCOPES)
    other.put('a', 'TOKEN', 'of a stranger')
    return sealedRows(other)[0]?.recipient ?? ''
  }

  function putBack(home: TempHome): void {
    const old = sealedRows(home).find(({ scope_id }) => scope_id === 'a')
    home.put('a', 'TOKEN', 'newer')
    changeDatabase(
      home,
      `update sealed_scopes set generation = ${old?.generation}, blob = ?, mac = ? where scope_id = 'a'`,
      old?.blob ?? '',
      old?.mac ?? '',
    )
    const keys = new Database(home.file('mcplexer.db'))
    keys.close()
  }
})

test('D9: 20 processes that put into one scope at once lose nothing', async () => {
  using home = new TempHome(SCOPES)

  const runs = await Promise.all(
    Array.from({ length: 20 }, (_, n) => home.run(['secret', 'put', 'a', `KEY_${n}`], { stdin: `value ${n}` })),
  )

  expect(runs.map(({ exitCode }) => exitCode)).toEqual(Array(20).fill(0))
  for (let n = 0; n < 20; n++)
    expect(home.runSync(['secret', 'get', 'a', `KEY_${n}`]).stdout).toBe(`value ${n}`)
})

test('D12: nothing of old values, deleted values and old ciphertext is left in any file', () => {
  using home = new TempHome(SCOPES)
  const oldBlobs: Uint8Array[] = []
  const remember = () => oldBlobs.push(...sealedRows(home).map(({ blob }) => blob.slice(-40)))
  home.put('a', 'TOKEN', 'first-canary-value')
  home.put('b', 'TOKEN', 'second-canary-value')
  remember()
  home.put('a', 'TOKEN', 'third-canary-value')
  remember()
  home.runSync(['secret', 'delete', 'b', 'TOKEN'])
  remember()
  expect(home.runSync(['rotate-key']).exitCode).toBe(0)

  const current = new Set(sealedRows(home).map(({ blob }) => Buffer.from(blob.slice(-40)).toString('hex')))
  for (const value of ['first', 'second', 'third'])
    expect(filesHolding(home.path, `${value}-canary-value`)).toEqual([])
  for (const blob of oldBlobs) {
    if (!current.has(Buffer.from(blob).toString('hex'))) expect(filesHolding(home.path, blob)).toEqual([])
  }
  expect(home.runSync(['secret', 'get', 'a', 'TOKEN']).stdout).toBe('third-canary-value')
})

describe('D13: a disk that is full or read-only', () => {
  test.skipIf(!isRoot)('with 0 to 64 KB free a put and a rotation fail cleanly and lose nothing', () => {
    using home = new TempHome(SCOPES)
    for (const scope of ['a', 'b', 'c']) home.put(scope, 'TOKEN', `${scope}-${'v'.repeat(20_000)}`)
    const disk = join(home.folder, 'disk')
    mkdirSync(disk)
    const used = ['age.key', 'mcplexer.db', 'mcplexer.yaml'].reduce(
      (sum, name) => sum + Math.ceil(statSync(home.file(name)).size / 4096),
      0,
    )
    for (const freePages of [0, 1, 2, 4, 8, 16]) {
      const size = (used + 1 + freePages) * 4
      Bun.spawnSync(['mount', '-t', 'tmpfs', '-o', `size=${size}k,mode=700`, 'tmpfs', disk])
      try {
        for (const name of ['age.key', 'mcplexer.db', 'mcplexer.yaml']) {
          writeFileSync(join(disk, name), readFileSync(home.file(name)), { mode: 0o600 })
        }
        const env = { MCPLEXER_HOME: disk }
        const put = home.runSync(['secret', 'put', 'a', 'MORE', '--from-file', home.file('mcplexer.db')], {
          env,
        })
        const rotation = home.runSync(['rotate-key'], { env })
        for (const { exitCode, stderr } of [put, rotation]) {
          expect(exitCode === 0 || stderr.includes('mcplexer: error: ')).toBe(true)
          expect(stderr).not.toContain('did not expect')
        }
        for (const scope of ['a', 'b', 'c']) {
          expect(home.runSync(['secret', 'get', scope, 'TOKEN'], { env }).stdout).toBe(
            `${scope}-${'v'.repeat(20_000)}`,
          )
        }
      } finally {
        Bun.spawnSync(['umount', '-l', disk])
      }
    }
  })

  test.skipIf(!isRoot)(
    'read-only: secret get works, put says why it does not, an unfinished journal is named',
    () => {
      const one = [{ id: 'one', more: { auth_scope: 'a' } }]
      const withAudit = configOf(one, [{ id: 'a' }], { audit: { on_failure: 'allow' } })
      using home = new TempHome(configOf(one, [{ id: 'a' }]))
      home.put('a', 'TOKEN', 'readable-token')
      Bun.spawnSync(['mount', '--bind', home.path, home.path])
      try {
        expect(Bun.spawnSync(['mount', '-o', 'remount,ro,bind', home.path]).exitCode).toBe(0)
        const got = home.runSync(['secret', 'get', 'a', 'TOKEN'])
        expect(got.stdout).toBe('readable-token')
        expect(got.stderr).toContain('nothing is put on record')
        const put = home.runSync(['secret', 'put', 'a', 'TOKEN', 'new'])
        expect(put.exitCode).toBe(1)
        expect(put.stderr).toContain('cannot be written to')

        expect(home.runSync(['rotate-key', '--dry-run']).stdout).toContain('1 scope, 1 key can be opened')
        expect(home.runSync(['tools', 'call', 'one__environment']).stderr).toContain('on_failure: allow')
        writeFileSync(join(home.folder, 'allow.yaml'), withAudit)
        const allowed = home.runSync([
          'tools',
          'call',
          'one__environment',
          '--config',
          join(home.folder, 'allow.yaml'),
        ])
        expect(allowed.stdout).toContain('[redacted a/TOKEN]')

        Bun.spawnSync(['mount', '-o', 'remount,rw,bind', home.path])
        writeFileSync(home.file('mcplexer.db-journal'), 'unfinished')
        Bun.spawnSync(['mount', '-o', 'remount,ro,bind', home.path])
        expect(home.runSync(['secret', 'get', 'a', 'TOKEN']).stderr).toContain('mcplexer.db-journal is left')
      } finally {
        Bun.spawnSync(['umount', '-l', home.path])
      }
    },
  )
})

describe('a database that is not ours', () => {
  const cases: [string, (path: string) => void, RegExp][] = [
    [
      'random bytes',
      (path) => writeFileSync(path, crypto.getRandomValues(new Uint8Array(8192))),
      /not a database/,
    ],
    ['another program’s', (path) => make(path, 'create table notes (x)'), /another program made it/],
    ['the Go original’s', (path) => make(path, 'create table workspaces (id)'), /belongs to the Go program/],
    [
      'one with a planted trigger',
      (path) => plant(path, 'create trigger t after update on sealed_scopes begin select 1; end'),
      /changed by another program/,
    ],
    [
      'one with a planted view',
      (path) => plant(path, 'create view v as select 1'),
      /changed by another program/,
    ],
    ['a newer one', (path) => plant(path, 'pragma user_version = 99'), /newer mcplexer/],
  ]

  test.each(cases)('%s is refused and left as it is', (_name, spoil, message) => {
    using home = new TempHome(SCOPES)
    home.put('a', 'TOKEN', 'x')
    spoil(home.file('mcplexer.db'))
    const before = readFileSync(home.file('mcplexer.db'))

    for (const args of [
      ['secret', 'get', 'a', 'TOKEN'],
      ['secret', 'put', 'a', 'TOKEN', 'y'],
      ['rotate-key'],
    ]) {
      const { exitCode, stderr } = home.runSync(args)
      expect(exitCode).toBe(1)
      expect(stderr).toMatch(message)
    }
    expect(readFileSync(home.file('mcplexer.db')).equals(before)).toBe(true)
  })

  function make(path: string, sql: string): void {
    writeFileSync(path, '')
    plant(path, sql)
  }

  function plant(path: string, sql: string): void {
    const database = new Database(path)
    database.run(sql)
    database.close()
  }
})

test('a copy of the whole home works elsewhere, also under another name', () => {
  using home = new TempHome(SCOPES)
  home.put('a', 'TOKEN', 'moved')
  const elsewhere = join(home.folder, 'copy')
  mkdirSync(elsewhere, 0o700)
  for (const name of ['age.key', 'mcplexer.db', 'mcplexer.yaml'])
    copyFileSync(home.file(name), join(elsewhere, name))
  chmodSync(join(elsewhere, 'age.key'), 0o600)

  expect(home.runSync(['secret', 'get', 'a', 'TOKEN'], { env: { MCPLEXER_HOME: elsewhere } }).stdout).toBe(
    'moved',
  )
})

test('databases and key are found where the variables put them', () => {
  using home = new TempHome()
  const env = {
    MCPLEXER_DB_DSN: `file:${home.folder}/elsewhere/v.db`,
    MCPLEXER_AGE_KEY: `${home.folder}/keys/my.key`,
    MCPLEXER_CONFIG: `${home.folder}/team.yaml`,
  }
  writeFileSync(env.MCPLEXER_CONFIG, SCOPES)

  expect(home.runSync(['secret', 'put', 'a', 'K'], { env, stdin: 'v' }).exitCode).toBe(0)

  expect(existsSync(`${home.folder}/elsewhere/v.db`)).toBe(true)
  expect(existsSync(env.MCPLEXER_AGE_KEY)).toBe(true)
  expect(home.runSync(['secret', 'get', 'a', 'K'], { env }).stdout).toBe('v')
})

test('HOME unset: the account’s own folder, or a clear error, never the root of the disk', () => {
  using home = new TempHome(SCOPES)
  home.put('a', 'K', 'v')

  const { exitCode, stdout } = Bun.spawnSync(
    [join(import.meta.dir, '../../dist/mcplexer'), 'secret', 'get', 'a', 'K'],
    {
      env: { MCPLEXER_HOME: home.path },
    },
  )

  expect({ exitCode, stdout: stdout.toString() }).toEqual({ exitCode: 0, stdout: 'v' })
})
