import { describe, expect, test } from 'bun:test'
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { configOf } from '../helpers/fixtures.ts'
import { hostileHome, OTHER_TOKEN, serveAsNobody } from '../helpers/hostile-home.ts'
import { HttpGateway } from '../helpers/http-client.ts'
import { RawClient } from '../helpers/mcp-client.ts'
import { AS_NOBODY, hasBwrap, isRoot, NOBODY, WITHOUT_BWRAP } from '../helpers/nobody.ts'
import { eventually } from '../helpers/processes.ts'
import { BINARY, ROOT, TempHome } from '../helpers/temp-home.ts'

const hasTmux = Bun.which('tmux') !== null

/** What any program of the user can do to files that are the user's. */
const TO_THE_USER = [
  'change the shell profile',
  'read the files of another client',
  'take up memory and processes',
  'write into the home',
]

async function attack(more: Record<string, unknown>, before: readonly string[] = []): Promise<string[]> {
  using home = hostileHome(more)
  using _tmux = hasTmux ? startTmux(home) : undefined
  await using client = await serveAsNobody(home, before)
  expect(JSON.parse(await client.callText('other__environment')).env.TOKEN).toBe(OTHER_TOKEN)
  return JSON.parse(await client.callText('hostile__attack'))
}

/** The socket of a user's tmux, as any program of that user finds it. */
function startTmux(home: TempHome): Disposable {
  const folder = join(home.folder, `tmux-${NOBODY}`)
  mkdirSync(folder, { mode: 0o700 })
  Bun.spawnSync(['chown', NOBODY, folder])
  const tmux = (...args: string[]) =>
    Bun.spawnSync([...AS_NOBODY, 'tmux', '-S', join(folder, 'default'), '-f', '/dev/null', ...args], {
      // else it takes the shell of `nobody`, which ends at once
      env: { ...home.env, SHELL: '/bin/sh' },
    })
  tmux('new-session', '-d', 'sleep 60')
  expect(tmux('has-session').stderr.toString()).toBe('')
  return { [Symbol.dispose]: () => void tmux('kill-server') }
}

describe('D19: a hostile server', () => {
  test.skipIf(!isRoot)('without a shield gets nearly everything, so that these attacks are real', async () => {
    const got = await attack({ shield: 'off' })

    expect(got).toEqual(
      expect.arrayContaining([
        'read the key file',
        'read the vault',
        'change the configuration',
        'change the mode of the key file',
        'replace the folder',
        'read the environment of another server',
        'signal the gateway',
        'signal another server',
        ...(hasTmux ? ['have a program run by tmux'] : []),
        ...TO_THE_USER,
      ]),
    )
    // what the gateway forbids by itself
    expect(got).not.toContain('read the environment of the gateway')
    expect(got).not.toContain('trace the gateway')
  })

  test.skipIf(!isRoot || !hasBwrap)('behind bubblewrap gets nothing of ours or of others', async () => {
    expect(await attack({})).toEqual(TO_THE_USER)
  })

  test.skipIf(!isRoot || !hasBwrap)('behind a strict shield gets nothing of the user either', async () => {
    const strict = { shield: 'strict', readable: [ROOT], writable: [] }

    const got = await attack(strict)

    // its home is its own
    expect(got).toEqual(['change the shell profile', 'take up memory and processes', 'write into the home'])
  })

  test.skipIf(!isRoot)('behind Landlock gets nothing of ours or of others', async () => {
    const got = await attack({}, WITHOUT_BWRAP)

    // it has no rules about modes, and none about a socket that stands in the open
    const inTheOpen = [
      'list the folder',
      'change the mode of the key file',
      ...(hasTmux ? ['have a program run by tmux'] : []),
    ]
    expect(got.filter((name) => !TO_THE_USER.includes(name))).toEqual(inTheOpen)
  })
})

test.skipIf(!isRoot).each([
  ['bubblewrap', []],
  ['Landlock', WITHOUT_BWRAP],
] as [string, string[]][])('the sockets of a daemon hear nobody from behind %s', async (_name, before) => {
  using home = hostileHome({})
  const env = { ...home.env, HOME: home.folder, TMUX_TMPDIR: home.folder }
  const command = [...before, ...AS_NOBODY, BINARY]
  const daemon = Bun.spawn([...command, 'serve', '--daemon', '--foreground'], {
    env,
    stdio: ['ignore', 'ignore', 'ignore'],
  })
  try {
    await eventually(() => existsSync(home.file('run/gateway.sock')), 'it listens')
    await using client = await RawClient.start(home, {}, { command: [...command, 'connect'], env })

    await client.callText('hostile__environment')
    await eventually(() => readdirSync(home.file('run')).some((name) => name.startsWith('unlock-')), 'and so')

    const got = JSON.parse(await client.callText('hostile__attack'))

    expect(got).not.toContain('talk to the daemon')
    expect(got).not.toContain('hand a passphrase to the gateway')
  } finally {
    daemon.kill()
    await daemon.exited
  }
})

test.skipIf(!isRoot || !hasBwrap)('the port of a gateway hears nobody without its token', async () => {
  using served = new TempHome(configOf([{ id: 'one' }]))
  await using gateway = await HttpGateway.start(served)
  const knock = async (more: Record<string, unknown>): Promise<string> => {
    using home = hostileHome(more)
    await using client = await serveAsNobody(home)
    // awaited here: the client ends with this function
    return await client.callText('hostile__knock', { port: gateway.port })
  }

  expect(await knock({})).toBe('401')
  expect(await knock({ network: 'none' })).toBe('nobody there')
})

test.skipIf(!isRoot || !hasBwrap)('a rotation while a shielded server runs shows it nothing', async () => {
  using home = hostileHome({})
  await using client = await serveAsNobody(home)
  await client.callText('hostile__attack')

  const command = [...AS_NOBODY, BINARY, 'rotate-key']
  const rotated = Bun.spawnSync(command, { env: { ...home.env, HOME: home.folder }, stderr: 'pipe' })

  expect({ exitCode: rotated.exitCode, stderr: rotated.stderr.toString().includes('error') }).toEqual({
    exitCode: 0,
    stderr: false,
  })
  expect(JSON.parse(await client.callText('hostile__attack'))).toEqual(TO_THE_USER)
})
