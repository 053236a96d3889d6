import { describe, expect, test } from 'bun:test'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { filesHolding } from '../helpers/canary.ts'
import { hasStrace } from '../helpers/faults.ts'
import { configOf } from '../helpers/fixtures.ts'
import { RawClient } from '../helpers/mcp-client.ts'
import { runWithPassphrase } from '../helpers/passphrase.ts'
import { eventually } from '../helpers/processes.ts'
import { BINARY, TempHome } from '../helpers/temp-home.ts'
import { inTerminal } from '../helpers/terminal.ts'

const PASSPHRASE = 'correct horse battery staple'
const CONFIG = configOf(
  [{ id: 'one', more: { auth_scope: 'a' } }],
  [{ id: 'a', keys: [{ name: 'TOKEN', public: true }] }],
)

function homeOf(): TempHome {
  const home = new TempHome(CONFIG)
  home.put('a', 'TOKEN', 'the-token-itself')
  return home
}

/** With the passphrase on descriptor 3. */
function withPassphrase(
  home: TempHome,
  args: readonly string[],
  passphrase = PASSPHRASE,
  program: readonly string[] = [BINARY],
) {
  const script = `exec 3<<'EOF'\n${passphrase}\nEOF\nexec "$0" "$@"`
  const { exitCode, stdout, stderr } = Bun.spawnSync(['/bin/sh', '-c', script, ...program, ...args], {
    env: { ...home.env, MCPLEXER_AGE_PASSPHRASE_FD: '3' },
    stdin: 'ignore',
    stderr: 'pipe',
  })
  return { exitCode, stdout: stdout.toString(), stderr: stderr.toString() }
}

const identityIn = (text: string) => /AGE-SECRET-KEY-\S+/.exec(text)?.[0] ?? 'none'

describe('a key file that is protected by a passphrase', () => {
  test('opens with it and not without, and age reads it', () => {
    using home = homeOf()
    const identity = identityIn(home.read('age.key'))

    expect(withPassphrase(home, ['key', 'protect', '--with', 'passphrase'])).toMatchObject({ exitCode: 0 })

    expect(filesHolding(home.path, identity)).toEqual([])
    const refused = home.runSync(['secret', 'get', 'a', 'TOKEN'])
    expect(refused.exitCode).toBe(1)
    expect(refused.stderr).toContain('is protected by a passphrase')
    expect(withPassphrase(home, ['secret', 'get', 'a', 'TOKEN']).stdout).toBe('the-token-itself')
    expect(withPassphrase(home, ['secret', 'get', 'a', 'TOKEN'], 'wrong').stderr).toContain(
      'does not open the key file',
    )
    expect(JSON.parse(withPassphrase(home, ['key', 'show', '--json']).stdout).protection).toBe('passphrase')
    expect(home.read('age.key')).toStartWith('age-encryption.org/v1\n-> scrypt ')
  })

  test('is rotated, put into and laid open again', () => {
    using home = homeOf()
    withPassphrase(home, ['key', 'protect', '--with', 'passphrase'])
    const before = readFileSync(home.file('age.key'))

    expect(withPassphrase(home, ['rotate-key'])).toMatchObject({ exitCode: 0 })
    expect(readFileSync(home.file('age.key')).equals(before)).toBe(false)
    expect(home.read('age.key')).toStartWith('age-encryption.org/v1\n-> scrypt ')
    expect(withPassphrase(home, ['secret', 'put', 'a', 'TOKEN', 'a-new-token']).exitCode).toBe(0)
    expect(withPassphrase(home, ['key', 'protect', '--with', 'none']).exitCode).toBe(0)

    expect(home.runSync(['secret', 'get', 'a', 'TOKEN']).stdout).toBe('a-new-token')
    expect(existsSync(home.file('age.key.protection'))).toBe(false)
  })

  test('is asked for by no command that needs no key', async () => {
    using home = homeOf()
    withPassphrase(home, ['key', 'protect', '--with', 'passphrase'])

    for (const args of [['lock'], ['secret', 'list']]) {
      const { shown, exitCode } = await inTerminal(home, args, [])
      expect({ exitCode, isAsked: shown.includes('Passphrase') }).toEqual({ exitCode: 0, isAsked: false })
    }
  })

  test('is asked for by unlock only where a gateway waits for it', async () => {
    using home = homeOf()
    withPassphrase(home, ['key', 'protect', '--with', 'passphrase'])

    const { shown, exitCode } = await inTerminal(home, ['unlock'], [])

    expect(exitCode).toBe(1)
    expect(shown.trim()).toBe('mcplexer: nothing was locked, and no gateway is running that needs the key file')
    expect(home.runSync(['secret', 'get', 'a', 'TOKEN']).stderr).toContain(
      'MCPLEXER_AGE_PASSPHRASE_FD=3 mcplexer',
    )
  })

  test('is opened for running gateways by unlock, and closed by lock', async () => {
    using home = homeOf()
    withPassphrase(home, ['key', 'protect', '--with', 'passphrase'])
    await using client = await RawClient.start(home)
    expect(await client.callText('one__environment')).toContain('mcplexer unlock')

    const unlocked = withPassphrase(home, ['unlock'])

    expect(unlocked).toMatchObject({ exitCode: 0 })
    expect(unlocked.stderr).toBe('mcplexer: 1 gateway can open the key file now\n')
    expect(await client.callText('one__environment')).toContain('the-token-itself')
    home.runSync(['lock'])
    await eventually(() => client.stderr.includes('locked'), 'it is locked')
    withPassphrase(home, ['unlock'])
    await eventually(() => true, 'a moment')
    const deadline = performance.now() + 5000
    let text = ''
    while (!text.includes('the-token-itself') && performance.now() < deadline)
      text = await client.callText('one__environment')
    expect(text).toContain('the-token-itself')
    expect(filesHolding(home.path, PASSPHRASE)).toEqual([])
  })
})

test('a command gives the passphrase, and a failing one says so', () => {
  using home = homeOf()
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

test('what a change that was interrupted left in front of the old way does not keep the old way from opening', () => {
  using home = homeOf()
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

describe('the socket that waits for the passphrase', () => {
  const sockets = (home: TempHome) => readdirSync(home.file('run')).filter((name) => name.startsWith('unlock-'))
  /** With an open key file it listens after the first calls. */
  const listening = (home: TempHome, client: RawClient) =>
    eventually(() => existsSync(home.file(`run/${socketOf(client)}`)), 'it listens')
  const socketOf = ({ process: { pid } }: RawClient) => `unlock-${pid}.sock`

  test('of a gateway that was killed goes when the next one starts, and of those that live stays', async () => {
    using home = homeOf()
    await using living = await RawClient.start(home)
    const killed = await RawClient.start(home)
    for (const client of [living, killed]) await client.callText('one__echo', { message: 'x' })
    for (const client of [living, killed]) await listening(home, client)
    killed.process.kill('SIGKILL')
    await killed.process.exited
    expect(sockets(home)).toContain(socketOf(killed))
    // a process that lives, and is just about to listen
    const aboutToListen = `unlock-${process.pid}.sock`
    writeFileSync(home.file(`run/${aboutToListen}`), '')

    await using next = await RawClient.start(home)
    await listening(home, next)
    expect(sockets(home)).not.toContain(socketOf(killed))
    withPassphrase(home, ['key', 'protect', '--with', 'passphrase'])
    expect(withPassphrase(home, ['unlock']).stderr).toContain('2 gateways can open')

    expect(sockets(home).sort()).toEqual([socketOf(living), socketOf(next), aboutToListen].sort())
  })

  test('is neither opened nor written to in a folder that others can reach into', async () => {
    using home = homeOf()
    withPassphrase(home, ['key', 'protect', '--with', 'passphrase'])
    mkdirSync(home.file('run'))
    chmodSync(home.file('run'), 0o770)
    let heard = ''
    const planted = createServer((socket) => socket.on('data', (chunk) => (heard += String(chunk))))
    await new Promise<void>((resolve) => planted.listen(home.file('run/unlock-1.sock'), resolve))

    await using client = await RawClient.start(home)
    await client.callText('one__environment')
    const { exitCode, stderr } = await runWithPassphrase(home, PASSPHRASE, ['unlock'])
    planted.close()

    expect({ exitCode, heard }).toEqual({ exitCode: 1, heard: '' })
    expect(stderr).toContain('chmod 700')
    expect(client.stderr).toContain('cannot be handed over')
    expect(sockets(home)).not.toContain(socketOf(client))
  })
})

test('a hybrid public key is whole for another program', () => {
  using home = homeOf()
  home.runSync(['rotate-key', '--post-quantum'])
  const { recipients } = JSON.parse(home.runSync(['key', 'show', '--json']).stdout)

  expect(home.runSync(['key', 'show']).stdout).toContain(recipients[0])
  expect(recipients[0].length).toBeGreaterThan(1000)
})

describe('a backup', () => {
  test('is not made with an empty passphrase, which protects nothing', () => {
    using home = homeOf()
    const backup = join(home.folder, 'backup.age')

    expect(withPassphrase(home, ['key', 'backup', backup], '')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('an empty passphrase protects nothing'),
    })

    expect(existsSync(backup)).toBe(false)
  })

  test('asks for no passphrase where there is no use for it', () => {
    using home = homeOf()
    const backup = join(home.folder, 'backup.age')
    withPassphrase(home, ['key', 'backup', backup])
    const said = (...args: string[]) => home.runSync(['key', ...args]).stderr

    expect(said('backup', backup)).toContain('exists already')
    expect(said('restore', backup)).toContain('it was left as it is')
    Bun.spawnSync(['rm', home.file('age.key')])
    expect(said('backup', join(home.folder, 'other.age'))).toContain('age.key')
    expect(said('restore', join(home.folder, 'none.age'))).toContain(
      'none.age cannot be read: there is no such file',
    )
    expect(said('restore', home.file('mcplexer.yaml'))).toContain('is no backup of a key file')
    expect(said('restore', home.folder)).toContain('is no backup of a key file')
  })

  test.skipIf(!hasStrace)(
    'is written to a stick, which has no links and no modes, and restored from it',
    () => {
      using home = homeOf()
      const stick = join(home.folder, 'stick')
      mkdirSync(stick)
      const backup = join(stick, 'backup.age')
      const strace = ['strace', '-f', '-qq', '-o', '/dev/null', '-e', 'inject=link,linkat:error=EPERM']
      const write = () => withPassphrase(home, ['key', 'backup', backup], PASSPHRASE, [...strace, BINARY])
      expect(write()).toMatchObject({ exitCode: 0 })
      expect(write().stderr).toContain('exists already')
      expect(readdirSync(stick)).toEqual(['backup.age'])

      chmodSync(stick, 0o777)
      chmodSync(backup, 0o777)
      Bun.spawnSync(['rm', home.file('age.key')])
      expect(withPassphrase(home, ['key', 'restore', backup])).toMatchObject({ exitCode: 0 })

      expect(home.runSync(['secret', 'get', 'a', 'TOKEN']).stdout).toBe('the-token-itself')
    },
  )

  test('is wrapped by a passphrase of its own, and restores a lost key file, and only a lost one', () => {
    using home = homeOf()
    const backup = join(home.folder, 'backup.age')
    const identity = identityIn(home.read('age.key'))
    expect(withPassphrase(home, ['key', 'backup', backup])).toMatchObject({ exitCode: 0 })
    expect(withPassphrase(home, ['key', 'backup', backup]).stderr).toContain('exists already')
    expect(readFileSync(backup, 'latin1')).not.toContain(identity)

    expect(withPassphrase(home, ['key', 'restore', backup]).stderr).toContain('it was left as it is')
    Bun.spawnSync(['rm', home.file('age.key')])
    expect(withPassphrase(home, ['key', 'restore', backup], 'wrong').exitCode).toBe(1)
    expect(withPassphrase(home, ['key', 'restore', backup])).toMatchObject({ exitCode: 0 })

    expect(home.runSync(['secret', 'get', 'a', 'TOKEN']).stdout).toBe('the-token-itself')
  })
})

test('without a keychain, protecting by one changes nothing', () => {
  using home = homeOf()
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
  using home = homeOf()
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
