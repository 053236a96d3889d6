import { describe, expect, test } from 'bun:test'
import { copyFileSync, renameSync } from 'node:fs'
import { configOf, UNSHIELDED } from '../helpers/fixtures.ts'
import { RawClient } from '../helpers/mcp-client.ts'
import { eventually, isRunning } from '../helpers/processes.ts'
import { TempHome } from '../helpers/temp-home.ts'

function homeOf(): TempHome {
  const home = new TempHome(
    configOf(
      [
        { id: 'gh', more: { ...UNSHIELDED, auth_scope: 'gh' } },
        { id: 'other', more: { ...UNSHIELDED, auth_scope: 'other' } },
        { id: 'plain', more: UNSHIELDED },
      ],
      [{ id: 'gh' }, { id: 'other' }],
    ),
  )
  home.put('gh', 'TOKEN', 'one-token-123')
  home.put('other', 'TOKEN', 'another-token-456')
  return home
}

const pidOf = async (client: RawClient, server: string) =>
  JSON.parse(await client.callText(`${server}__environment`)).pid as number
const ends = (pid: number) => eventually(() => !isRunning(pid), `${pid} has ended`)

describe('lock', () => {
  test('ends all servers of every gateway in the middle of a call, and refuses everything until unlock', async () => {
    using home = homeOf()
    await using first = await RawClient.start(home)
    await using second = await RawClient.start(home)
    const pids = [await pidOf(first, 'gh'), await pidOf(first, 'plain'), await pidOf(second, 'other')]
    const held = first.call('gh__hold')

    expect(home.runSync(['lock']).exitCode).toBe(0)

    for (const pid of pids) await ends(pid)
    expect(JSON.stringify(await held)).toContain('ended during the call')
    expect(await first.callText('plain__echo', { message: 'x' })).toContain('mcplexer is locked')
    expect(await second.callText('gh__echo', { message: 'x' })).toContain('mcplexer unlock')
    expect(home.runSync(['secret', 'get', 'gh', 'TOKEN']).stderr).toContain('mcplexer is locked')

    expect(home.runSync(['unlock']).exitCode).toBe(0)
    await untilAnswered(first, 'gh')
    expect(home.runSync(['secret', 'get', 'gh', 'TOKEN']).stdout).toBe('one-token-123')
  })

  test('reaches a gateway that had opened the vault before a backup was put in its place', async () => {
    using home = homeOf()
    await using client = await RawClient.start(home)
    const pid = await pidOf(client, 'gh')
    copyFileSync(home.file('mcplexer.db'), home.file('backup.db'))
    renameSync(home.file('backup.db'), home.file('mcplexer.db'))
    expect(await pidOf(client, 'gh')).toBe(pid)

    expect(home.runSync(['lock']).exitCode).toBe(0)

    await ends(pid)
    expect(await client.callText('gh__echo', { message: 'x' })).toContain('mcplexer is locked')
  })

  test('fails a call at once whose server takes its time to end, and lets nothing of it through', async () => {
    using home = new TempHome(configOf([{ id: 'one', script: 'odd', args: ['stubborn'] }]))
    await using client = await RawClient.start(home)
    await client.callText('one__echo')
    const inFlight = client.callText('one__late')

    expect(home.runSync(['lock']).exitCode).toBe(0)

    expect(await inFlight).toContain('ended during the call')
  }, 15_000)

  test('of one scope leaves the others alone', async () => {
    using home = homeOf()
    await using client = await RawClient.start(home)
    const [gh, other] = [await pidOf(client, 'gh'), await pidOf(client, 'other')]

    expect(home.runSync(['scope', 'revoke', 'gh']).exitCode).toBe(0)

    await ends(gh)
    expect(isRunning(other)).toBe(true)
    expect(await client.callText('gh__echo', { message: 'x' })).toContain('auth scope gh is revoked')
    expect(await client.callText('other__echo', { message: 'y' })).toBe('y')

    expect(home.runSync(['unlock', 'gh']).exitCode).toBe(0)
    await untilAnswered(client, 'gh')
  })

  test('of a scope that there is not is refused: nobody may believe that it is done', () => {
    using home = homeOf()

    const { exitCode, stderr } = home.runSync(['scope', 'revoke', 'othre'])
    expect(exitCode).toBe(1)
    expect(stderr).toContain('did you mean other?')

    home.writeConfig('auth_scopes: [broken')
    expect(home.runSync(['scope', 'revoke', 'gh']).exitCode).toBe(0)
  })

  test('is not ended for a scope that there is not', () => {
    using home = homeOf()
    home.runSync(['scope', 'revoke', 'other'])

    const { exitCode, stderr } = home.runSync(['unlock', 'othre'])

    expect(exitCode).toBe(1)
    expect(stderr).toContain('there is no auth scope of this name\nmcplexer: hint: did you mean other?')
    expect(home.runSync(['scope', 'list']).stdout).toMatch(/^gh +1\nother +1 +revoked\n$/m)
    expect(home.runSync(['unlock', 'other']).exitCode).toBe(0)
    expect(home.runSync(['unlock', 'other']).stderr).toBe('mcplexer: other was not locked\n')
  })

  test('is shown by status and doctor', () => {
    using home = homeOf()
    const states = () =>
      JSON.parse(home.runSync(['status', '--json']).stdout).servers.map(({ state }: { state: string }) => state)

    home.runSync(['scope', 'revoke', 'gh'])
    expect(home.runSync(['doctor']).stdout).toContain('gh is revoked')
    expect(states()).toEqual(['its scope is revoked', 'nothing is missing', 'nothing is missing'])
    home.runSync(['lock'])
    expect(states()).toEqual(['locked', 'locked', 'locked'])
    expect(home.runSync(['doctor']).stdout).toContain('locked: no server starts until `mcplexer unlock`')
  })

  test('holds for gateways that start later, and is on record', async () => {
    using home = homeOf()
    home.runSync(['tools', 'list'])
    home.runSync(['lock'])
    await using client = await RawClient.start(home)

    expect(await client.callText('gh__echo', { message: 'x' })).toContain('mcplexer is locked')
    expect(home.runSync(['audit', 'list', '--kind', 'lock']).stdout).toContain('lock')
    expect(home.runSync(['unlock']).exitCode).toBe(0)
    expect(home.runSync(['unlock']).exitCode).toBe(1)
  })

  test('starts no server without a scope either, be it called, listed or new', async () => {
    using home = homeOf()
    home.runSync(['tools', 'list'])
    await using running = await RawClient.start(home)
    const pid = await pidOf(running, 'plain')
    home.runSync(['lock'])
    await ends(pid)
    const before = startsOf(home)

    const called = home.runSync(['tools', 'call', 'plain__echo', '{"message":"x"}'])
    home.runSync(['tools', 'list', '--refresh'])
    home.writeConfig(configOf([{ id: 'plain', more: UNSHIELDED }, { id: 'fresh' }]))
    await running.stderrHas('mcplexer is locked')

    expect(called.stderr).toContain('mcplexer is locked')
    expect(startsOf(home)).toBe(before)
  })

  const startsOf = (home: TempHome) => {
    const { stdout } = home.runSync(['audit', 'list', '--kind', 'start', '--json'])
    const entries: { decision: string }[] = JSON.parse(stdout)
    return entries.filter(({ decision }) => decision === 'allowed').length
  }

  /** The gateway notices within a tenth of a second; the servers were stopped, which is no failure of theirs. */
  async function untilAnswered(client: RawClient, server: string): Promise<void> {
    const answer = () => client.callText(`${server}__echo`, { message: 'back' })
    await eventually(async () => (await answer()) === 'back', `${server} answers again`)
  }
})
