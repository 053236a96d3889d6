import { Database } from 'bun:sqlite'
import { describe, expect, test } from 'bun:test'
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { configOf } from '../helpers/fixtures.ts'
import { TempHome } from '../helpers/temp-home.ts'

const SCOPES = 'auth_scopes: [{ id: a }, { id: b }, { id: c }]'
const isRoot = process.getuid?.() === 0

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
    const ends: (number | null)[] = []
    for (const freePages of [0, 1, 2, 4, 8, 16]) {
      const size = (used + 1 + freePages) * 4
      const mounting = ['mount', '-t', 'tmpfs', '-o', `size=${size}k,mode=700`, 'tmpfs', disk]
      expect(Bun.spawnSync(mounting).exitCode).toBe(0)
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
          ends.push(exitCode)
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
    // it was full indeed
    expect(ends).toContain(1)
  })

  test.skipIf(!isRoot)(
    'read-only: secret get works, put says why it does not, an unfinished journal is named',
    () => {
      const one = [{ id: 'one', more: { auth_scope: 'a' } }]
      const withAudit = configOf(one, [{ id: 'a' }], { audit: { on_failure: 'allow' } })
      using home = new TempHome(configOf(one, [{ id: 'a' }]))
      home.put('a', 'TOKEN', 'readable-token')
      expect(Bun.spawnSync(['mount', '--bind', home.path, home.path]).exitCode).toBe(0)
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

test('what is no record is named, with what to do, and keeps nobody from a secret', () => {
  using home = new TempHome(configOf([], [{ id: 'a' }]))
  home.put('a', 'TOKEN', 'readable-token')
  for (const suffix of ['-wal', '-shm']) rmSync(home.file(`activity.db${suffix}`), { force: true })
  writeFileSync(home.file('activity.db'), 'no database, but long enough to be looked into\n'.repeat(100))

  const { stdout, stderr } = home.runSync(['secret', 'get', 'a', 'TOKEN'])

  expect(stdout).toBe('readable-token')
  expect(stderr).toContain(`${home.file('activity.db')}: it is not a database`)
  expect(stderr).toContain('hint: put a backup in its place, or move it away')
  expect(stderr).toContain('nothing is put on record or remembered')
})
