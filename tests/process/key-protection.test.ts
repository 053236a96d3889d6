import { describe, expect, test } from 'bun:test'
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { filesHolding } from '../helpers/canary.ts'
import { KeyHome, PASSPHRASE } from '../helpers/key-home.ts'
import { identityIn } from '../helpers/sealed.ts'
import { BINARY } from '../helpers/temp-home.ts'
import { inTerminal } from '../helpers/terminal.ts'

describe('a key file that is protected by a passphrase', () => {
  test('opens with it and not without, and age reads it', () => {
    using home = new KeyHome()
    const identity = identityIn(home.read('age.key'))

    expect(home.withPassphrase(['key', 'protect', '--with', 'passphrase'])).toMatchObject({ exitCode: 0 })

    expect(filesHolding(home.path, identity)).toEqual([])
    const refused = home.runSync(['secret', 'get', 'a', 'TOKEN'])
    expect(refused.exitCode).toBe(1)
    expect(refused.stderr).toContain('is protected by a passphrase')
    expect(home.withPassphrase(['secret', 'get', 'a', 'TOKEN']).stdout).toBe('the-token-itself')
    const misfit = home.withPassphrase(['secret', 'get', 'a', 'TOKEN'], 'wrong').stderr
    expect(misfit).toContain(`the passphrase does not open the key file ${home.file('age.key')}`)
    expect(misfit).toContain('hint: it is the one that was given to `mcplexer key protect`')
    expect(JSON.parse(home.withPassphrase(['key', 'show', '--json']).stdout).protection).toBe('passphrase')
    expect(home.read('age.key')).toStartWith('age-encryption.org/v1\n-> scrypt ')
  })

  test('is told by doctor from one that lies open', () => {
    using home = new KeyHome()
    const finding = () => /^(ok|!!) {2}key file +(.*)$/m.exec(home.runSync(['doctor']).stdout)?.slice(1)

    expect(finding()).toEqual(['ok', expect.stringContaining('lies open')])
    home.withPassphrase(['key', 'protect', '--with', 'passphrase'])
    expect(finding()).toEqual(['ok', 'wrapped: alone it opens nothing'])
    chmodSync(home.file('age.key'), 0o644)
    expect(finding()).toBeUndefined()
  })

  test('is rotated, put into and laid open again', () => {
    using home = new KeyHome()
    home.withPassphrase(['key', 'protect', '--with', 'passphrase'])
    const before = readFileSync(home.file('age.key'))

    expect(home.withPassphrase(['rotate-key'])).toMatchObject({ exitCode: 0 })
    expect(readFileSync(home.file('age.key')).equals(before)).toBe(false)
    expect(home.read('age.key')).toStartWith('age-encryption.org/v1\n-> scrypt ')
    expect(home.withPassphrase(['secret', 'put', 'a', 'TOKEN', 'a-new-token']).exitCode).toBe(0)
    expect(home.withPassphrase(['key', 'protect', '--with', 'none']).exitCode).toBe(0)

    expect(home.runSync(['secret', 'get', 'a', 'TOKEN']).stdout).toBe('a-new-token')
    expect(existsSync(home.file('age.key.protection'))).toBe(false)
  })

  test('is asked for by no command that needs no key', async () => {
    using home = new KeyHome()
    home.withPassphrase(['key', 'protect', '--with', 'passphrase'])

    for (const args of [['lock'], ['secret', 'list']]) {
      const { shown, exitCode } = await inTerminal(home, args, [])
      expect({ exitCode, isAsked: shown.includes('Passphrase') }).toEqual({ exitCode: 0, isAsked: false })
    }
  })
})

test('a command gives the passphrase, and a failing one says so', () => {
  using home = new KeyHome()
  const script = join(home.folder, 'manager')
  writeFileSync(script, `#!/bin/sh\necho '${PASSPHRASE}'\n`, { mode: 0o755 })

  expect(home.runSync(['key', 'protect', '--with', 'command', '--', script]).exitCode).toBe(0)

  expect(home.runSync(['secret', 'get', 'a', 'TOKEN']).stdout).toBe('the-token-itself')
  expect(home.runSync(['rotate-key']).exitCode).toBe(0)
  expect(home.runSync(['tools', 'call', 'one__environment']).stdout).toContain('the-token-itself')
  writeFileSync(script, '#!/bin/sh\nexit 1\n')
  expect(home.runSync(['secret', 'get', 'a', 'TOKEN']).stderr).toContain('did not give the passphrase')
  expect(home.runSync(['key', 'protect', '--with', 'passphrase', 'x']).exitCode).toBe(2)
})

describe('a command protects nothing, and changes nothing,', () => {
  const refusal = (home: KeyHome, command: string[], env = {}) => {
    const key = home.read('age.key')
    const { exitCode, stderr } = home.runSync(['key', 'protect', '--with', 'command', '--', ...command], {
      env,
    })
    expect({ exitCode, key: home.read('age.key') }).toEqual({ exitCode: 1, key })
    return stderr
  }

  test('that gives another passphrase each time: nobody could open the key file again', () => {
    using home = new KeyHome()

    expect(refusal(home, ['/bin/sh', '-c', 'echo $$'])).toContain('gives another passphrase each time')
  })

  test('that prints without end', () => {
    using home = new KeyHome()

    expect(refusal(home, ['yes'])).toContain('did not give the passphrase')
  })

  test('that lies in the folder that we run in: the next one may be of somebody else', () => {
    using home = new KeyHome()
    writeFileSync(join(home.folder, 'manager'), `#!/bin/sh\necho '${PASSPHRASE}'\n`, { mode: 0o755 })

    expect(refusal(home, ['./manager'])).toContain('did not give the passphrase')
    expect(refusal(home, ['manager'], { PATH: `.:${process.env['PATH']}` })).toContain(
      'did not give the passphrase',
    )
    expect(refusal(home, ['/bin/sh', 'manager'])).toContain('did not give the passphrase')
  })
})

test('a command is not waited for when only what it has started holds its output open', () => {
  using home = new KeyHome()
  const agent = join(home.folder, 'agent')
  const script = join(home.folder, 'manager')
  writeFileSync(script, `#!/bin/sh\nsleep 600 2>&- &\necho $! >> ${agent}\necho '${PASSPHRASE}'\n`, {
    mode: 0o755,
  })

  const started = performance.now()
  const { exitCode } = home.runSync(['key', 'protect', '--with', 'command', '--', script])

  expect({ exitCode, isLate: performance.now() - started > 20_000 }).toEqual({ exitCode: 0, isLate: false })
  for (const pid of readFileSync(agent, 'utf8').trim().split('\n')) process.kill(Number(pid))
})

test('what a change that was interrupted left in front of the old way does not keep the old way from opening', () => {
  using home = new KeyHome()
  const script = join(home.folder, 'manager')
  writeFileSync(script, `#!/bin/sh\necho '${PASSPHRASE}'\n`, { mode: 0o755 })
  home.runSync(['key', 'protect', '--with', 'command', '--', script])
  const before = home.read('age.key.protection')

  for (const planned of [
    { with: 'command', command: ['/bin/false'] },
    { with: 'command', command: ['/bin/echo', 'other'] },
  ]) {
    writeFileSync(home.file('age.key.protection'), `${JSON.stringify(planned)}\n${before}`)
    expect(home.runSync(['secret', 'get', 'a', 'TOKEN']).stdout).toBe('the-token-itself')
    expect(home.runSync(['rotate-key']).exitCode).toBe(0)
  }
})

test('a hybrid public key is whole for another program', () => {
  using home = new KeyHome()
  home.runSync(['rotate-key', '--post-quantum'])
  const { recipients } = JSON.parse(home.runSync(['key', 'show', '--json']).stdout)

  expect(home.runSync(['key', 'show']).stdout).toContain(recipients[0])
  expect(recipients[0].length).toBeGreaterThan(1000)
})

test('without a keychain, protecting by one changes nothing', () => {
  using home = new KeyHome()
  const key = home.read('age.key')

  const { exitCode, stderr } = home.runSync(['key', 'protect', '--with', 'keychain'], {
    env: { DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent' },
  })

  expect({ exitCode, isNamed: stderr.includes('keychain') }).toEqual({ exitCode: 1, isNamed: true })
  expect(home.read('age.key')).toBe(key)
})

const hasKeyring = ['dbus-run-session', 'gnome-keyring-daemon', 'secret-tool'].every(
  (program) => Bun.which(program) !== null,
)

test.skipIf(!hasKeyring)('the keychain of the system opens it, and a missing one makes no new key', () => {
  using home = new KeyHome()
  const inSession = (script: string) => {
    const unlock =
      'echo -n keyring | gnome-keyring-daemon --unlock --components=secrets --daemonize >/dev/null 2>&1'
    const command = ['dbus-run-session', '--', '/bin/sh', '-c', `${unlock}; ${script}`, BINARY]
    const { exitCode, stdout, stderr } = Bun.spawnSync(command, {
      env: { ...home.env, HOME: home.folder },
      stdin: 'ignore',
      stderr: 'pipe',
    })
    return { exitCode, stdout: stdout.toString(), stderr: stderr.toString() }
  }

  const first = inSession('"$0" key protect --with keychain && "$0" rotate-key && "$0" secret get a TOKEN')
  expect({ exitCode: first.exitCode, isThere: first.stdout.endsWith('the-token-itself') }).toEqual({
    exitCode: 0,
    isThere: true,
  })
  expect(home.read('age.key')).toStartWith('age-encryption.org/v1')
  const key = readFileSync(home.file('age.key'))

  const without = home.runSync(['secret', 'get', 'a', 'TOKEN'], {
    env: { DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent', HOME: home.folder },
  })

  expect(without.exitCode).toBe(1)
  expect(without.stderr).toContain('keychain')
  expect(readFileSync(home.file('age.key')).equals(key)).toBe(true)
})
