import { describe, expect, test } from 'bun:test'
import { appendFileSync, cpSync, existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { entriesOf } from '../helpers/audit-home.ts'
import { configOf, UNSHIELDED } from '../helpers/fixtures.ts'
import { RawClient } from '../helpers/mcp-client.ts'
import { eventually, isRunning } from '../helpers/processes.ts'
import { TempHome } from '../helpers/temp-home.ts'

const isRoot = process.getuid?.() === 0
/** For this program every file is full. */
const LOCK_WITHOUT_ROOM = `trap '' XFSZ; ulimit -f 0; exec "$0" lock`

function homeOf(top: object = {}): TempHome {
  const gh = { id: 'gh', more: { ...UNSHIELDED, auth_scope: 'gh' } }
  const home = new TempHome(configOf([gh, { id: 'plain', more: UNSHIELDED }], [{ id: 'gh' }], top))
  home.put('gh', 'TOKEN', 'one-token-123')
  return home
}

const pidOf = async (client: RawClient, server: string) =>
  JSON.parse(await client.callText(`${server}__environment`)).pid as number
const ends = (pid: number) => eventually(() => !isRunning(pid), `${pid} has ended`)
const listens = (client: RawClient, folder: string) =>
  eventually(() => existsSync(join(folder, `run/unlock-${client.process.pid}.sock`)), 'it listens')

describe('a lock that cannot be written', () => {
  test('holds in all gateways that run until unlock, and says that it holds in no other', async () => {
    using home = homeOf()
    await using first = await RawClient.start(home)
    await using second = await RawClient.start(home)
    const pids = [await pidOf(first, 'gh'), await pidOf(second, 'plain')]
    for (const client of [first, second]) await listens(client, home.path)

    const { exitCode, stderr } = home.shell(LOCK_WITHOUT_ROOM)

    for (const pid of pids) await ends(pid)
    expect(exitCode).toBe(1)
    expect(stderr).toContain(
      'mcplexer: 2 running gateways have ended their servers, and are locked as long as they run\n',
    )
    expect(stderr).toContain(
      'mcplexer: error: the lock could not be written, and holds in no gateway that starts',
    )
    expect(await first.callText('plain__echo', { message: 'x' })).toContain('mcplexer is locked')
    expect(await second.callText('gh__echo', { message: 'x' })).toContain('mcplexer unlock')
    // of another command it cannot be known
    expect(home.runSync(['secret', 'get', 'gh', 'TOKEN']).stdout).toBe('one-token-123')

    expect(home.runSync(['unlock'])).toMatchObject({ exitCode: 0, stderr: 'mcplexer: unlocked\n' })
    expect(await first.callText('gh__echo', { message: 'back' })).toBe('back')
    const onRecord = entriesOf(home, '--kind', 'lock').map(({ action }) => action)
    for (const action of ['lock of one gateway', 'unlock of one gateway'])
      expect(onRecord.filter((each) => each === action)).toHaveLength(2)
  })

  test('stays when what is locked in the vault changes', async () => {
    using home = homeOf()
    await using client = await RawClient.start(home)
    await listens(client, home.path)
    home.shell(LOCK_WITHOUT_ROOM)

    home.runSync(['scope', 'revoke', 'gh'])
    home.runSync(['unlock', 'gh'])
    home.put('gh', 'TOKEN', 'another-token-456')

    expect(await client.callText('gh__echo', { message: 'x' })).toContain('mcplexer is locked')
  })

  test('says which gateway did not answer, and is no success without any', async () => {
    using home = homeOf()
    const none = home.shell(LOCK_WITHOUT_ROOM)
    expect(none).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('no gateway is running\n') })

    await using client = await RawClient.start(home)
    await listens(client, home.path)
    client.process.kill('SIGSTOP')
    const { exitCode, stderr } = home.shell(LOCK_WITHOUT_ROOM)
    client.process.kill('SIGCONT')

    expect(exitCode).toBe(1)
    expect(stderr).toContain('1 gateway did not answer, and may go on')
  })

  test.skipIf(!isRoot)('as the disk is full holds in gateways that run on that disk', async () => {
    using home = homeOf({ audit: { on_failure: 'allow' } })
    const disk = join(home.folder, 'disk')
    mkdirSync(disk)
    Bun.spawnSync(['mount', '-t', 'tmpfs', '-o', 'size=4m,mode=700', 'tmpfs', disk])
    try {
      cpSync(home.path, disk, { recursive: true })
      const env = { MCPLEXER_HOME: disk }
      await using client = await RawClient.start(home, {}, { env })
      const pid = await pidOf(client, 'gh')
      await listens(client, disk)
      fill(disk)

      const { exitCode, stderr } = home.runSync(['lock'], { env })

      await ends(pid)
      expect(exitCode).toBe(1)
      expect(stderr).toContain('mcplexer.db: the disk is full')
      expect(await client.callText('plain__echo', { message: 'x' })).toContain('mcplexer is locked')
    } finally {
      Bun.spawnSync(['umount', '-l', disk])
    }
  })
})

function fill(disk: string): void {
  const page = new Uint8Array(4096)
  expect(() => {
    for (;;) appendFileSync(join(disk, 'filler'), page)
  }).toThrow('ENOSPC')
}
