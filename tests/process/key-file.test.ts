import { describe, expect, test } from 'bun:test'
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { filesBelow } from '../helpers/canary.ts'
import { identityIn } from '../helpers/sealed.ts'
import { BINARY, TempHome } from '../helpers/temp-home.ts'

const SCOPES = 'auth_scopes: [{ id: a }, { id: b }]'
const isRoot = process.getuid?.() === 0

function homeWithSecret(): TempHome {
  const home = new TempHome(SCOPES)
  home.put('a', 'TOKEN', 'the value')
  return home
}

describe('D2: the first run', () => {
  test.each(['000', '022', '077'])('under umask %s makes private files', (umask) => {
    using home = new TempHome()
    rmSync(home.path, { recursive: true })

    const script = `umask ${umask}; "$0" init && echo 'auth_scopes: [{ id: a }]' > "$MCPLEXER_HOME/mcplexer.yaml" && echo x | "$0" secret put a K && "$0" tools list`
    const { exitCode } = Bun.spawnSync(['/bin/sh', '-c', script, BINARY], { env: home.env })

    const modes = filesBelow(home.path).map((path) => [
      path.split('/').at(-1),
      (statSync(path).mode & 0o777).toString(8),
    ])
    expect(exitCode).toBe(0)
    expect((statSync(home.path).mode & 0o777).toString(8)).toBe('700')
    expect(Object.fromEntries(modes)).toMatchObject({
      'age.key': '600',
      'mcplexer.db': '600',
      'activity.db': '600',
    })
  })

  test('several at the same moment make one key, and all succeed', async () => {
    using home = new TempHome(SCOPES)
    for (const name of ['age.key', 'mcplexer.db']) rmSync(home.file(name))

    const runs = await Promise.all(
      Array.from({ length: 8 }, (_, n) => home.run(['secret', 'put', 'a', `K${n}`], { stdin: `v${n}` })),
    )

    expect(runs.map(({ exitCode }) => exitCode)).toEqual(Array(8).fill(0))
    expect(home.read('age.key').match(/AGE-SECRET-KEY/g)?.length).toBe(1)
    for (let n = 0; n < 8; n++) expect(home.runSync(['secret', 'get', 'a', `K${n}`]).stdout).toBe(`v${n}`)
  })
})

describe('D3: a key file that others could read or have put there is refused', () => {
  const cases: [string, (home: TempHome, path: string) => void, RegExp][] = [
    ['mode 0644', (_, path) => chmodSync(path, 0o644), /chmod 600/],
    ['mode 0640', (_, path) => chmodSync(path, 0o640), /chmod 600/],
    ['a symbolic link', (home, path) => moveAndLink(home, path), /symbolic link/],
    ['a fifo', (_, path) => replace(path, () => Bun.spawnSync(['mkfifo', '-m', '600', path])), /regular file/],
    ['a folder', (_, path) => replace(path, () => mkdirSync(path, 0o700)), /regular file/],
    ['empty', (_, path) => writeFileSync(path, ''), /holds no identity/],
    ['1 MB', (_, path) => writeFileSync(path, '#'.repeat(1_000_000)), /too large/],
    ['a folder that everybody uses', (home) => chmodSync(home.path, 0o1777), /MCPLEXER_HOME=~\/\.mcplexer$/m],
    ['a folder that others can write to', (home) => chmodSync(home.path, 0o777), /chmod go-w/],
  ]
  const strangers: typeof cases = [
    ['another user’s', (_, path) => chownSync(path, 12345, 12345), /another user/],
  ]

  test.each(cases)('%s', refused)
  test.skipIf(!isRoot).each(strangers)('%s', refused)

  function refused(_name: string, spoil: (home: TempHome, path: string) => void, message: RegExp): void {
    using home = homeWithSecret()
    spoil(home, home.file('age.key'))

    for (const args of [['secret', 'get', 'a', 'TOKEN'], ['secret', 'put', 'b', 'NEW', 'x'], ['rotate-key']]) {
      const { exitCode, stdout, stderr } = home.runSync(args)
      expect({ args, exitCode, stdout }).toEqual({ args, exitCode: 1, stdout: '' })
      expect(stderr).toMatch(message)
      expect(stderr).toContain('mcplexer: hint: ')
    }
  }

  function replace(path: string, make: () => unknown): void {
    rmSync(path)
    make()
  }

  function moveAndLink(home: TempHome, path: string): void {
    writeFileSync(home.file('real.key'), readFileSync(path), { mode: 0o600 })
    replace(path, () => symlinkSync(home.file('real.key'), path))
  }
})

test('D4: comments, CRLF, a byte order mark, blank lines, two identities and trailing spaces are fine', () => {
  using home = homeWithSecret()
  using other = homeWithSecret()
  const text = `\ufeff# a comment\r\n\r\n${identityIn(other.read('age.key'))}  \r\n   # another\r\n${identityIn(home.read('age.key'))}\t\r\n\r\n`
  writeFileSync(home.file('age.key'), text)

  expect(home.runSync(['secret', 'get', 'a', 'TOKEN']).stdout).toBe('the value')
  home.put('a', 'SECOND', 'x')
  expect(home.runSync(['secret', 'get', 'a', 'SECOND']).stdout).toBe('x')
})

test('D5: with the key file gone no new key is made, and the missing path is named', () => {
  using home = homeWithSecret()
  rmSync(home.file('age.key'))

  for (const args of [
    ['secret', 'get', 'a', 'TOKEN'],
    ['secret', 'put', 'b', 'NEW', 'x'],
    ['init'],
    ['rotate-key'],
  ]) {
    const { exitCode, stderr } = home.runSync(args)
    expect(exitCode).toBe(1)
    expect(stderr).toContain(home.file('age.key'))
    expect(stderr).toMatch(/put it back from a backup with `mcplexer key restore FILE`/)
  }
  expect(filesBelow(home.path)).not.toContain(home.file('age.key'))
})

test('status says of a missing key file what the other commands say, and of a wrong one how to replace it', () => {
  using home = homeWithSecret()
  using other = homeWithSecret()
  const hints = () => {
    const { exitCode, stderr } = home.runSync(['status'])
    expect(exitCode).toBe(1)
    return stderr.split('\n').filter((line) => line.includes('key restore FILE'))
  }

  rmSync(home.file('age.key'))
  expect(hints()).toEqual([
    expect.stringContaining('hint: put it back from a backup with `mcplexer key restore FILE`'),
  ])
  expect(home.runSync(['status']).stderr).toContain(`${home.file('mcplexer.db')} is sealed with it`)

  writeFileSync(home.file('age.key'), other.read('age.key'), { mode: 0o600 })
  expect(hints()).toEqual([
    expect.stringMatching(/mv '.*age\.key' '.*age\.key\.old'; mcplexer key restore FILE/),
  ])
})

test('before init nothing is said to be lost', () => {
  using home = homeWithSecret()
  const env = { MCPLEXER_HOME: `${home.folder}/other` }

  for (const args of [
    ['key', 'show'],
    ['key', 'protect', '--with', 'none'],
  ]) {
    const { exitCode, stderr } = home.runSync(args, { env })
    expect(exitCode).toBe(1)
    expect(stderr).toMatch(/there is no key file at .* yet, and no vault\n.*hint: `mcplexer init`/)
  }
})

test('D6: one wrong character anywhere in the key is refused without showing a piece of it', () => {
  using home = homeWithSecret()
  const text = home.read('age.key')
  const identity = identityIn(home.read('age.key'))
  const start = text.indexOf(identity)
  const pieces = Array.from({ length: identity.length - 16 - 8 }, (_, n) => identity.slice(16 + n, 24 + n))

  for (let at = 0; at < identity.length; at++) {
    const wrong = identity[at] === 'Q' ? 'P' : 'Q'
    writeFileSync(home.file('age.key'), text.slice(0, start + at) + wrong + text.slice(start + at + 1))
    const { exitCode, stdout, stderr } = home.runSync(['secret', 'get', 'a', 'TOKEN'], {
      env: { MCPLEXER_LOG_LEVEL: 'debug' },
    })

    expect(exitCode).toBe(1)
    expect(stderr).toMatch(/no valid age identity on line 4/)
    expect(pieces.some((piece) => (stdout + stderr).toUpperCase().includes(piece))).toBe(false)
  }
})
