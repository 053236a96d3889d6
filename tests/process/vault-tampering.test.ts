import { describe, expect, test } from 'bun:test'
import { copyFileSync } from 'node:fs'
import { changeDatabase, sealedRows } from '../helpers/sealed.ts'
import { TempHome } from '../helpers/temp-home.ts'

const SCOPES = 'auth_scopes: [{ id: a }, { id: b }, { id: c }]'

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
  }
})
