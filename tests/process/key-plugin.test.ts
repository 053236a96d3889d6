import { describe, expect, test } from 'bun:test'
import { chmodSync, existsSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { FixturePlugin } from '../helpers/age-plugin.ts'
import { filesHolding } from '../helpers/canary.ts'
import { GET, PluginHome, protecting, TOKEN } from '../helpers/plugin-home.ts'
import { identityIn } from '../helpers/sealed.ts'
import { BINARY } from '../helpers/temp-home.ts'

describe('a key file that is sealed by an age plugin', () => {
  test('opens through it and not without, also after a rotation, and is laid open again', () => {
    using home = new PluginHome()
    const { plugin } = home
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
    using home = PluginHome.protected()
    const { plugin } = home

    const { stdout, exitCode } = Bun.spawnSync(['age', '-d', '-i', plugin.identityFile, home.file('age.key')], {
      env: { ...home.env, ...plugin.env() },
    })

    expect(exitCode).toBe(0)
    expect(stdout.toString()).toMatch(/^AGE-SECRET-KEY-1/m)
  })

  test.skipIf(Bun.which('age') === null)('may be one that age has sealed', () => {
    using home = PluginHome.protected()
    const { plugin } = home
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
    using home = new PluginHome()
    const { plugin } = home
    const other = FixturePlugin.of(home, 'other')
    const recipients = ['--recipient', plugin.recipient, '--recipient', other.recipient]
    writeFileSync(plugin.identityFile, `# two devices\n${other.identity}\n\n${plugin.identity}\n`)

    expect(home.runSync([...protecting(plugin), ...recipients], { env: plugin.env() }).exitCode).toBe(0)

    expect(home.read('age.key').match(/^-> example\.com\/test /gm)).toHaveLength(2)
    Bun.spawnSync(['rm', join(home.folder, 'plugins', 'age-plugin-other')])
    expect(home.runSync(GET, { env: plugin.env() }).stdout).toBe(TOKEN)
  })

  test('is named in a file that nobody else reads, or it is not used', () => {
    using home = PluginHome.protected()
    const { plugin } = home

    expect(statSync(home.file('age.key.protection')).mode & 0o777).toBe(0o600)
    chmodSync(home.file('age.key.protection'), 0o622)
    expect(home.runSync(GET, { env: plugin.env() }).stderr).toContain('can be read or written by other users')
  })

  test('is not opened for what needs no key', () => {
    using home = PluginHome.protected()
    const { plugin } = home
    const before = plugin.runs.length

    for (const args of [['secret', 'list'], ['lock'], GET, ['status']])
      home.runSync(args, { env: plugin.env() })

    expect(plugin.runs.slice(before)).toEqual([])
  })

  test('keeps what opens it through a rotation that is killed, and is tidied up by the next command', () => {
    // open, wrap and check with the new identity, then wrap and check without the old one
    for (const killedIn of [2, 3, 4, 5]) {
      using home = PluginHome.protected()
      const { plugin } = home
      const env = plugin.env(`kills-run-${plugin.runs.length + killedIn}`)

      expect(home.runSync(['rotate-key'], { env }).exitCode).not.toBe(0)

      expect(home.runSync(GET, { env: plugin.env() }).stdout).toBe(TOKEN)
      const shown = home.runSync(['key', 'show', '--json'], { env: plugin.env() }).stdout
      expect(JSON.parse(shown).recipients).toHaveLength(1)
    }
  })

  test('goes into a backup as any other', () => {
    using home = PluginHome.protected()
    const { plugin } = home
    const backup = join(home.folder, 'backup.age')
    const script = `exec 3<<'EOF'\npassphrase\nEOF\nexec "$0" "$@"`
    const env = { ...home.env, ...plugin.env(), MCPLEXER_AGE_PASSPHRASE_FD: '3' }
    const run = (...args: string[]) => Bun.spawnSync(['/bin/sh', '-c', script, BINARY, ...args], { env })

    expect(run('key', 'backup', backup).exitCode).toBe(0)
    Bun.spawnSync(['rm', home.file('age.key')])
    expect(run('key', 'restore', backup).exitCode).toBe(0)

    expect(home.runSync(GET).stdout).toBe(TOKEN)
  })
})
