import { describe, expect, test } from 'bun:test'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { FixturePlugin } from '../helpers/age-plugin.ts'
import { GET, PluginHome, protecting, TOKEN } from '../helpers/plugin-home.ts'

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
    using home = new PluginHome()
    const { plugin } = home
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
    using home = new PluginHome()
    const { plugin } = home
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
  using home = PluginHome.protected()
  const { plugin } = home
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
  using home = PluginHome.protected()
  const { plugin } = home
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
  using home = PluginHome.protected()
  const { plugin } = home

  home.runSync(GET, { env: { ...plugin.env(), GPG_TTY: '/dev/tty', BUN_OPTIONS: '', MCPLEXER_X: 'y' } })

  const [, , ...names] = plugin.runs.at(-1)?.split(' ') ?? []
  expect(names).toContain('HOME')
  expect(names).toContain('GPG_TTY')
  expect(names.filter((name) => /^(MCPLEXER|BUN)_/.test(name))).toEqual([])
})

test('a plugin is found by absolute entries of PATH only', () => {
  using home = PluginHome.protected()
  const folder = join(home.folder, 'plugins')
  mkdirSync(join(folder, 'empty'))

  for (const entry of ['.', '', '../plugins']) {
    const PATH = [entry, '/usr/bin', '/bin'].join(delimiter)
    expect(home.runSync(GET, { env: { PATH }, cwd: folder }).stderr).toContain('is not on the PATH')
  }
})
