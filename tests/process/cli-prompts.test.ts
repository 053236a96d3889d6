import { describe, expect, test } from 'bun:test'
import { TempHome } from '../helpers/temp-home.ts'
import { inTerminal } from '../helpers/terminal.ts'

const SCOPES =
  'auth_scopes: [{ id: a }, { id: b, keys: [{ name: T, description: a token, obtain: "https://example.com/t" }] }]'
const PROMPT = 'K of a (input is hidden): '
const PUT = ['secret', 'put', 'a', 'K']

describe('the hidden prompt', () => {
  test('D14: shows nothing of a typed value, and gives the echo back', async () => {
    using home = new TempHome(SCOPES)

    const { shown, exitCode, hasEcho } = await inTerminal(home, PUT, [
      { when: PROMPT, type: 'hunter2 $HOME "é😀\r' },
    ])

    expect({ exitCode, hasEcho }).toEqual({ exitCode: 0, hasEcho: true })
    expect(shown).not.toMatch(/hunter|HOME|é/)
    expect(home.runSync(['secret', 'get', 'a', 'K']).stdout).toBe('hunter2 $HOME "é😀')
  })

  test('D14: takes a pasted key whole and says how many lines it has', async () => {
    using home = new TempHome(SCOPES)
    const pem = `-----BEGIN PRIVATE KEY-----\n${'MIIEvQIBADANBgkqhkiG\n'.repeat(50)}-----END PRIVATE KEY-----\n`

    const { shown } = await inTerminal(home, PUT, [
      { when: PROMPT, type: `\u001b[200~${pem.replaceAll('\n', '\r')}\u001b[201~\r` },
    ])

    expect(shown).toContain('(52 lines)')
    expect(shown).not.toContain('MII')
    expect(home.runSync(['secret', 'get', 'a', 'K']).stdout).toBe(pem)
  })

  test('takes Enter alone for a slip: the value that was there stays', async () => {
    using home = new TempHome(SCOPES)
    home.put('a', 'K', 'good')

    const { shown, exitCode } = await inTerminal(home, PUT, [{ when: PROMPT, type: '\r' }])

    expect(exitCode).toBe(1)
    expect(shown).toContain('no value was given; nothing was changed')
    expect(home.runSync(['secret', 'get', 'a', 'K']).stdout).toBe('good')
  })

  test('says what the file says about the key', async () => {
    using home = new TempHome(SCOPES)

    const { shown } = await inTerminal(home, ['secret', 'put', 'b', 'T'], [{ when: 'hidden): ', type: 'x\r' }])

    expect(shown).toContain('mcplexer: a token\nmcplexer: from https://example.com/t\n')
  })

  const endings: [string, object, number, string][] = [
    ['Ctrl-C', { type: 'canary\u0003' }, 130, 'cancelled'],
    ['Ctrl-D', { type: '\u0004' }, 130, 'cancelled'],
    ['SIGINT from elsewhere', { kill: 'SIGINT' }, 130, 'interrupted'],
    ['SIGTERM', { kill: 'SIGTERM' }, 143, 'interrupted'],
    ['a terminal that goes away', { kill: 'SIGHUP' }, 129, 'interrupted'],
  ]

  test.each(endings)(
    '%s ends it, stores nothing and gives the echo back',
    async (_name, action, code, word) => {
      using home = new TempHome(SCOPES)

      const { shown, exitCode, hasEcho } = await inTerminal(home, PUT, [{ when: PROMPT, ...action }])

      expect({ exitCode, hasEcho }).toEqual({ exitCode: code, hasEcho: true })
      expect(shown).toContain(word)
      expect(shown).not.toContain('canary')
      expect(shown).toContain('\u001b[?2004l')
      expect(home.runSync(['secret', 'list', 'a', '--json']).stdout).toContain('"keys": []')
    },
  )
})

describe('a passphrase that is asked for twice', () => {
  const asked = (home: TempHome, ...typed: [string, string]) =>
    inTerminal(
      home,
      ['key', 'backup', home.file('b.age')],
      typed.map((text, n) => ({
        when: `Passphrase of the backup${n === 0 ? '' : ', again'} (input is hidden): `,
        type: `${text}\r`,
      })),
    )

  test('is taken when both are the same, and opens the backup', async () => {
    using home = new TempHome(SCOPES)

    const { shown, exitCode, hasEcho } = await asked(home, 'hunter-two', 'hunter-two')
    expect({ exitCode, hasEcho }).toEqual({ exitCode: 0, hasEcho: true })
    expect(shown).not.toContain('hunter')

    Bun.spawnSync(['rm', home.file('age.key')])
    const restored = await inTerminal(
      home,
      ['key', 'restore', home.file('b.age')],
      [{ when: 'hidden): ', type: 'hunter-two\r' }],
    )
    expect(restored.exitCode).toBe(0)
  })

  test('is refused when they differ', async () => {
    using home = new TempHome(SCOPES)

    const { shown, exitCode } = await asked(home, 'hunter-two', 'hunter-three')

    expect(exitCode).toBe(1)
    expect(shown).toContain('the two are not the same, or empty; nothing was changed')
  })
})

describe('scope delete', () => {
  const DELETE = ['scope', 'delete', 'a']
  const QUESTION = 'Delete a with 1 key? [y/N] '

  test.each([
    ['no', { type: 'n\r' }, 1, 1],
    ['Enter', { type: '\r' }, 1, 1],
    ['yes', { type: 'y\r' }, 0, 0],
    ['the end of input', { type: '\u0004' }, 1, 1],
    ['SIGINT', { kill: 'SIGINT' as const }, 130, 1],
  ])('asks, and %s is understood', async (_answer, action, code, left) => {
    using home = new TempHome(SCOPES)
    home.put('a', 'K', 'v')

    const { exitCode } = await inTerminal(home, DELETE, [{ when: QUESTION, ...action }])

    expect(exitCode).toBe(code)
    expect(JSON.parse(home.runSync(['secret', 'list', '--json']).stdout).keys).toHaveLength(left)
  })
})

const unshielded = (id: string) => `{ id: ${id}, command: x, shield: off }`
const TWO_UNSHIELDED = `downstream_servers: [${unshielded('one')}, ${unshielded('two')}]`

test('servers review asks for one server after the other', async () => {
  using home = new TempHome(TWO_UNSHIELDED)

  const { shown, exitCode } = await inTerminal(
    home,
    ['servers', 'review'],
    [
      { when: 'May one be started like this: without a shield? [y/N] ', type: 'n\r' },
      { when: 'May two be started like this: without a shield? [y/N] ', type: 'y\r' },
    ],
  )

  expect(exitCode).toBe(1)
  expect(shown).toMatch(/one is not approved[\s\S]*two is approved/)
  expect(shown).toMatch(/^server two, without a shield\n\+ \{$/m)
})

test('servers review takes the end of input for a no to all that follows', async () => {
  using home = new TempHome(TWO_UNSHIELDED)

  const { shown, exitCode } = await inTerminal(
    home,
    ['servers', 'review'],
    [{ when: 'May one be started like this: without a shield? [y/N] ', type: '\u0004' }],
  )

  expect(exitCode).toBe(1)
  expect(shown).toMatch(/^mcplexer: one is not approved\n[\s\S]*^mcplexer: two is not approved\n/m)
})
