import { describe, expect, test } from 'bun:test'
import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { createConnection, createServer } from 'node:net'
import { filesHolding } from '../helpers/canary.ts'
import { KeyHome, PASSPHRASE } from '../helpers/key-home.ts'
import { RawClient } from '../helpers/mcp-client.ts'
import { runWithPassphrase } from '../helpers/passphrase.ts'
import { eventually } from '../helpers/processes.ts'
import type { TempHome } from '../helpers/temp-home.ts'
import { inTerminal } from '../helpers/terminal.ts'

describe('the passphrase of a key file', () => {
  test('is asked for by unlock only where a gateway waits for it', async () => {
    using home = new KeyHome()
    home.withPassphrase(['key', 'protect', '--with', 'passphrase'])

    const { shown, exitCode } = await inTerminal(home, ['unlock'], [])

    expect(exitCode).toBe(1)
    expect(shown.trim()).toBe('mcplexer: nothing was locked, and no gateway is running that needs the key file')
    expect(home.runSync(['secret', 'get', 'a', 'TOKEN']).stderr).toContain(
      'MCPLEXER_AGE_PASSPHRASE_FD=3 mcplexer',
    )
  })

  test('is opened for running gateways by unlock, and closed by lock', async () => {
    using home = new KeyHome()
    home.withPassphrase(['key', 'protect', '--with', 'passphrase'])
    await using client = await RawClient.start(home)
    expect(await client.callText('one__environment')).toContain('mcplexer unlock')

    const unlocked = home.withPassphrase(['unlock'])

    expect(unlocked).toMatchObject({ exitCode: 0 })
    expect(unlocked.stderr).toBe('mcplexer: 1 gateway can open the key file now\n')
    expect(await client.callText('one__environment')).toContain('the-token-itself')
    home.runSync(['lock'])
    await eventually(() => client.stderr.includes('locked'), 'it is locked')
    home.withPassphrase(['unlock'])
    const isOpen = async () => (await client.callText('one__environment')).includes('the-token-itself')
    await eventually(isOpen, 'it is unlocked again')
    expect(filesHolding(home.path, PASSPHRASE)).toEqual([])
  })
})

describe('the socket that waits for the passphrase', () => {
  const sockets = (home: TempHome) => readdirSync(home.file('run')).filter((name) => name.startsWith('unlock-'))
  /** With an open key file it listens after the first calls. */
  const listening = (home: TempHome, client: RawClient) =>
    eventually(() => existsSync(home.file(`run/${socketOf(client)}`)), 'it listens')
  const socketOf = ({ process: { pid } }: RawClient) => `unlock-${pid}.sock`

  test('of a gateway that was killed goes when the next one starts, and of those that live stays', async () => {
    using home = new KeyHome()
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
    home.withPassphrase(['key', 'protect', '--with', 'passphrase'])
    expect(home.withPassphrase(['unlock']).stderr).toContain('2 gateways can open')

    expect(sockets(home).sort()).toEqual([socketOf(living), socketOf(next), aboutToListen].sort())
  })

  test('lets nobody wait who does not say the proof, and hears the others meanwhile', async () => {
    using home = new KeyHome()
    home.withPassphrase(['key', 'protect', '--with', 'passphrase'])
    await using client = await RawClient.start(home)
    expect(await client.callText('one__environment')).toContain('mcplexer unlock')
    const silent = Array.from({ length: 300 }, () => createConnection(home.file(`run/${socketOf(client)}`)))
    const connected = silent.map((socket) => {
      // the oldest make room for the newest, and may be told so by a reset
      socket.on('error', () => undefined)
      return new Promise((resolve) => socket.once('connect', resolve).once('close', resolve))
    })
    await Promise.all(connected)

    expect(home.withPassphrase(['unlock']).stderr).toBe('mcplexer: 1 gateway can open the key file now\n')

    await eventually(() => silent.every(({ closed }) => closed), 'all are closed')
    expect(await client.callText('one__environment')).toContain('the-token-itself')
  })

  test('is neither opened nor written to in a folder that others can reach into', async () => {
    using home = new KeyHome()
    home.withPassphrase(['key', 'protect', '--with', 'passphrase'])
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
