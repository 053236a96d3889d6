import { describe, expect, test } from 'bun:test'
import { chmodSync, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { FixturePlugin } from '../helpers/age-plugin.ts'
import { filesHolding } from '../helpers/canary.ts'
import { configOf } from '../helpers/fixtures.ts'
import { RawClient } from '../helpers/mcp-client.ts'
import { eventually, isRunning } from '../helpers/processes.ts'
import { TempHome } from '../helpers/temp-home.ts'
import { inTerminal } from '../helpers/terminal.ts'

const GET = ['secret', 'get', 'a', 'TOKEN']
const TOKEN = 'the-token-itself'
const CONFIG = configOf(
  [
    { id: 'one', more: { auth_scope: 'a' } },
    { id: 'two', more: { auth_scope: 'a' } },
  ],
  [{ id: 'a', keys: [{ name: 'TOKEN', public: true }] }],
)

function homeOf(): { home: TempHome; plugin: FixturePlugin } & Disposable {
  const home = new TempHome(CONFIG)
  home.put('a', 'TOKEN', TOKEN)
  return { home, plugin: FixturePlugin.of(home), [Symbol.dispose]: () => home[Symbol.dispose]() }
}

const protecting = ({ identityFile }: FixturePlugin) => [
  'key',
  'protect',
  '--with',
  'plugin',
  '--identity',
  identityFile,
]

function protectedHome(): ReturnType<typeof homeOf> {
  const both = homeOf()
  const { exitCode, stderr } = both.home.runSync(protecting(both.plugin), { env: both.plugin.env() })
  if (exitCode !== 0) throw new Error(`protect failed: ${stderr}`)
  return both
}

const identityIn = (text: string) => /AGE-SECRET-KEY-\S+/.exec(text)?.[0] ?? 'none'

/** What somebody types who is asked by each of the next runs of the plugin. */
function pins(plugin: FixturePlugin, count: number, pin = '1234') {
  return Array.from({ length: count }, (_, index) => ({
    when: `age-plugin-test: PIN of run ${plugin.runs.length + index + 1} (input is hidden): `,
    type: `${pin}\r`,
  }))
}

describe('a key file that is sealed by an age plugin', () => {
  test('opens through it and not without, also after a rotation, and is laid open again', () => {
    using both = homeOf()
    const { home, plugin } = both
    const identity = identityIn(home.read('age.key'))
    const env = plugin.env('greases', 'says')

    const wrapped = home.runSync(protecting(plugin), { env })

    expect(wrapped).toMatchObject({ exitCode: 0 })
    expect(plugin.modes).toEqual(['recipient-v1', 'identity-v1'])
    expect(filesHolding(home.path, identity)).toEqual([])
    expect(home.read('age.key')).toStartWith('age-encryption.org/v1\n-> example.com/test ')
    expect(JSON.parse(home.runSync(['key', 'show', '--json'], { env }).stdout).protection).toBe('plugin')
    expect(home.runSync(GET, { env }).stdout).toBe(TOKEN)
    expect(home.runSync(GET).stderr).toContain('age-plugin-test is not on the PATH')
    expect(home.runSync(['rotate-key'], { env })).toMatchObject({ exitCode: 0 })
    expect(filesHolding(home.path, identity)).toEqual([])
    expect(home.runSync(['secret', 'put', 'a', 'TOKEN', 'a-new-token'], { env }).exitCode).toBe(0)
    expect(home.runSync(['tools', 'call', 'one__environment'], { env }).stdout).toContain('a-new-token')
    expect(home.runSync(['key', 'protect', '--with', 'none'], { env }).exitCode).toBe(0)
    expect(home.runSync(GET).stdout).toBe('a-new-token')
    expect(existsSync(home.file('age.key.protection'))).toBe(false)
  })

  test.skipIf(Bun.which('age') === null)('is opened by age itself through the same plugin', () => {
    using both = protectedHome()
    const { home, plugin } = both

    const { stdout, exitCode } = Bun.spawnSync(['age', '-d', '-i', plugin.identityFile, home.file('age.key')], {
      env: { ...home.env, ...plugin.env() },
    })

    expect(exitCode).toBe(0)
    expect(stdout.toString()).toMatch(/^AGE-SECRET-KEY-1/m)
  })

  test.skipIf(Bun.which('age') === null)('may be one that age has sealed', () => {
    using both = protectedHome()
    const { home, plugin } = both
    const inner = join(home.folder, 'inner')
    const env = { ...home.env, ...plugin.env() }
    writeFileSync(
      inner,
      Bun.spawnSync(['age', '-d', '-i', plugin.identityFile, home.file('age.key')], { env }).stdout,
    )

    const args = ['-r', plugin.recipient, '-a', '-o', home.file('age.key'), inner]
    expect(Bun.spawnSync(['age', ...args], { env }).exitCode).toBe(0)

    expect(home.read('age.key')).toStartWith('-----BEGIN AGE')
    expect(home.runSync(GET, { env: plugin.env() }).stdout).toBe(TOKEN)
  })

  test('can be sealed for recipients, several plugins among them', () => {
    using both = homeOf()
    const { home, plugin } = both
    const other = FixturePlugin.of(home, 'other')
    const recipients = ['--recipient', plugin.recipient, '--recipient', other.recipient]
    writeFileSync(plugin.identityFile, `# two devices\n${other.identity}\n\n${plugin.identity}\n`)

    expect(home.runSync([...protecting(plugin), ...recipients], { env: plugin.env() }).exitCode).toBe(0)

    expect(home.read('age.key').match(/^-> example\.com\/test /gm)).toHaveLength(2)
    Bun.spawnSync(['rm', join(home.folder, 'plugins', 'age-plugin-other')])
    expect(home.runSync(GET, { env: plugin.env() }).stdout).toBe(TOKEN)
  })

  test('is named in a file that nobody else reads, or it is not used', () => {
    using both = protectedHome()
    const { home, plugin } = both

    expect(statSync(home.file('age.key.protection')).mode & 0o777).toBe(0o600)
    chmodSync(home.file('age.key.protection'), 0o622)
    expect(home.runSync(GET, { env: plugin.env() }).stderr).toContain('can be read or written by other users')
  })

  test('is not opened for what needs no key', () => {
    using both = protectedHome()
    const { home, plugin } = both
    const before = plugin.runs.length

    for (const args of [['secret', 'list'], ['lock'], GET, ['status']])
      home.runSync(args, { env: plugin.env() })

    expect(plugin.runs.slice(before)).toEqual([])
  })

  test('keeps what opens it through a rotation that is killed, and is tidied up by the next command', () => {
    // open, wrap and check with the new identity, then wrap and check without the old one
    for (const killedIn of [2, 3, 4, 5]) {
      using both = protectedHome()
      const { home, plugin } = both
      const env = plugin.env(`kills-run-${plugin.runs.length + killedIn}`)

      expect(home.runSync(['rotate-key'], { env }).exitCode).not.toBe(0)

      expect(home.runSync(GET, { env: plugin.env() }).stdout).toBe(TOKEN)
      const shown = home.runSync(['key', 'show', '--json'], { env: plugin.env() }).stdout
      expect(JSON.parse(shown).recipients).toHaveLength(1)
    }
  })

  test('goes into a backup as any other', () => {
    using both = protectedHome()
    const { home, plugin } = both
    const backup = join(home.folder, 'backup.age')
    const script = `exec 3<<'EOF'\npassphrase\nEOF\nexec "$0" "$@"`
    const env = { ...home.env, ...plugin.env(), MCPLEXER_AGE_PASSPHRASE_FD: '3' }
    const run = (...args: string[]) =>
      Bun.spawnSync(['/bin/sh', '-c', script, 'dist/mcplexer', ...args], { env })

    expect(run('key', 'backup', backup).exitCode).toBe(0)
    Bun.spawnSync(['rm', home.file('age.key')])
    expect(run('key', 'restore', backup).exitCode).toBe(0)

    expect(home.runSync(GET).stdout).toBe(TOKEN)
  })
})

describe('key protect --with plugin changes nothing when', () => {
  const FAILURES: [string, string, string][] = [
    ['the plugin says that it cannot wrap', 'errs-recipient-v1', 'age-plugin-test: the device [31mis on fire'],
    ['it says that it cannot unwrap', 'errs-identity-v1', 'it has said why'],
    ['it ends', 'ends', 'ended too early'],
    ['it speaks junk', 'junk', 'does not speak the protocol'],
    ['it never stops talking', 'floods', 'does not come to an end'],
    ['it asks for a secret, and there is no terminal', 'secret', 'nobody is there to answer'],
    ['it asks for a confirmation, and there is no terminal', 'confirms', 'nobody is there to answer'],
    ['what it wraps does not open', 'wraps-wrongly', 'do not open the key file'],
    ['what it wraps would ask for a passphrase', 'wraps-as-scrypt', 'does not speak the protocol'],
    ['mcplexer is killed while it wraps', 'kills-recipient-v1', ''],
    ['mcplexer is killed while it unwraps', 'kills-identity-v1', ''],
  ]

  test.each(FAILURES)('%s', (_what, wish, message) => {
    using both = homeOf()
    const { home, plugin } = both
    const key = home.read('age.key')

    const { exitCode, stderr } = home.runSync(protecting(plugin), { env: plugin.env(wish) })

    expect(exitCode).not.toBe(0)
    expect(stderr).toContain(message)
    expect(stderr).not.toContain('\u001b')
    expect(home.read('age.key')).toBe(key)
    expect(existsSync(home.file('age.key.protection'))).toBe(false)
    expect(home.runSync(GET).stdout).toBe(TOKEN)
  })

  test('the identity is another one, or none', () => {
    using both = homeOf()
    const { home, plugin } = both
    const key = home.read('age.key')
    const foreign = FixturePlugin.of(home, 'other').recipient.replace('other', 'test')
    const files = [`${plugin.identity}x`, key, '', `AGE-PLUGIN-..\u002f-1QQ`]
    const env = plugin.env()

    for (const text of files) {
      writeFileSync(join(home.folder, 'wrong'), text)
      const { exitCode, stderr } = home.runSync(
        ['key', 'protect', '--with', 'plugin', '--identity', join(home.folder, 'wrong')],
        { env },
      )
      expect({ exitCode, isNamed: stderr.includes('of an age plugin') }).toEqual({ exitCode: 1, isNamed: true })
      expect(stderr).not.toContain('AGE-SECRET-KEY-')
    }
    expect(home.runSync([...protecting(plugin), '--recipient', foreign], { env }).exitCode).toBe(1)
    expect(home.runSync(['key', 'protect', '--with', 'plugin'], { env }).exitCode).toBe(2)
    expect(home.runSync(['key', 'protect', '--with', 'none', '--identity', 'x'], { env }).exitCode).toBe(2)
    expect(home.read('age.key')).toBe(key)
  })
})

test('an identity that does not fit opens nothing and says so', () => {
  using both = protectedHome()
  const { home, plugin } = both
  const other = new FixturePlugin(join(home.folder, 'elsewhere'))
  writeFileSync(
    home.file('age.key.protection'),
    home.read('age.key.protection').replace(plugin.identity, other.identity),
  )

  const { exitCode, stderr } = home.runSync(GET, { env: plugin.env() })

  expect({ exitCode, isSaid: stderr.includes('do not open the key file') }).toEqual({
    exitCode: 1,
    isSaid: true,
  })
})

test('what an interrupted change left in front of the plugin does not keep it from opening', () => {
  using both = protectedHome()
  const { home, plugin } = both
  const before = home.read('age.key.protection')
  const other = new FixturePlugin(join(home.folder, 'elsewhere'))
  const planned = [
    { with: 'passphrase' },
    { with: 'plugin', identities: [other.identity], recipients: [] },
    { with: 'plugin', identities: ['AGE-PLUGIN-NONSENSE'], recipients: [] },
    { with: 'plugin' },
  ]

  for (const plan of planned) {
    writeFileSync(home.file('age.key.protection'), `${JSON.stringify(plan)}\n${before}`)
    expect(home.runSync(GET, { env: plugin.env() }).stdout).toBe(TOKEN)
    expect(home.runSync(['rotate-key'], { env: plugin.env() }).exitCode).toBe(0)
  }
})

test('a plugin gets the environment of its user, and nothing that is ours', () => {
  using both = protectedHome()
  const { home, plugin } = both

  home.runSync(GET, { env: { ...plugin.env(), GPG_TTY: '/dev/tty', BUN_OPTIONS: '', MCPLEXER_X: 'y' } })

  const [, , ...names] = plugin.runs.at(-1)?.split(' ') ?? []
  expect(names).toContain('HOME')
  expect(names).toContain('GPG_TTY')
  expect(names.filter((name) => /^(MCPLEXER|BUN)_/.test(name))).toEqual([])
})

test('a plugin is found by absolute entries of PATH only', () => {
  using both = protectedHome()
  const { home } = both
  const folder = join(home.folder, 'plugins')
  mkdirSync(join(folder, 'empty'))

  for (const entry of ['.', '', '../plugins']) {
    const PATH = [entry, '/usr/bin', '/bin'].join(delimiter)
    expect(home.runSync(GET, { env: { PATH }, cwd: folder }).stderr).toContain('is not on the PATH')
  }
})

describe('at a terminal', () => {
  test('a secret is asked for without being shown, and said back by no plugin', async () => {
    using both = protectedHome()
    const { home, plugin } = both
    const env = plugin.env('secret')

    const right = await inTerminal(home, GET, pins(plugin, 1), { env })
    const wrong = await inTerminal(home, GET, pins(plugin, 1, '8642'), { env })

    expect(right).toMatchObject({ exitCode: 0, hasEcho: true })
    expect(right.shown).toContain(TOKEN)
    expect(right.shown).not.toContain('1234')
    expect(wrong).toMatchObject({ exitCode: 1, hasEcho: true })
    expect(wrong.shown).toContain('age-plugin-test: no PIN, or a wrong one: …')
    expect(wrong.shown).not.toContain('8642')
  })

  test('a public value and a choice are asked for', async () => {
    using both = protectedHome()
    const { home, plugin } = both
    const choice = 'Is it plugged in? [1: Yes, go on, 2: No] '
    const env = plugin.env('public', 'confirms')
    const asked = [{ when: 'Serial number: ', type: '42\r' }]

    const yes = await inTerminal(home, GET, [...asked, { when: choice, type: '1\r' }], { env })
    const no = await inTerminal(home, GET, [...asked, { when: choice, type: '2\r' }], { env })

    expect(yes.shown).toContain(TOKEN)
    expect(no.exitCode).toBe(1)
    expect(no.shown).toContain('it is not plugged in')
  })

  test.each([
    ['that hangs', 'hangs-identity-v1', 'touch'],
    ['that asks', 'secret', 'PIN'],
  ])('Ctrl-C ends a plugin %s', async (_what, wish, when) => {
    using both = protectedHome()
    const { home, plugin } = both

    const { exitCode } = await inTerminal(home, GET, [{ when, type: '\u0003' }], {
      env: plugin.env('says', wish),
    })

    expect(exitCode).toBe(130)
    const pid = Number(plugin.runs.at(-1)?.split(' ')[1])
    await eventually(() => !isRunning(pid), 'the plugin has ended')
  })
})

describe('a running gateway', () => {
  test('opens the key file by itself, once, with a plugin that asks for nothing', async () => {
    using both = protectedHome()
    const { home, plugin } = both
    const before = plugin.runs.length

    await using client = await RawClient.start(home, {}, { env: plugin.env() })
    const texts = await Promise.all([client.callText('one__environment'), client.callText('two__environment')])

    expect(texts.map((text) => text.includes(TOKEN))).toEqual([true, true])
    expect(plugin.modes.slice(before)).toEqual(['identity-v1'])
  })

  test('is unlocked for one that asks, also for what a rotation makes of the key file', async () => {
    using both = protectedHome()
    const { home, plugin } = both
    const env = plugin.env('secret')
    await using client = await RawClient.start(home, {}, { env })
    expect(await client.callText('one__environment')).toContain('mcplexer unlock, at a terminal')

    const unlocked = await inTerminal(home, ['unlock'], pins(plugin, 1), { env })

    expect(unlocked.shown).toContain('1 gateway can open the key file now')
    expect(await client.callText('one__environment')).toContain(TOKEN)
    const rotated = await inTerminal(home, ['rotate-key'], pins(plugin, 5), { env })
    expect(rotated.exitCode).toBe(0)
    expect(await client.callText('two__environment')).toContain(TOKEN)
    home.runSync(['lock'])
    await eventually(() => client.stderr.includes('locked'), 'it is locked')
    expect(await client.callText('two__environment')).not.toContain(TOKEN)
  })
})
