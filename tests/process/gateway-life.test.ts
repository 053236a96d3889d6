import { describe, expect, test } from 'bun:test'
import { configOf, UNSHIELDED } from '../helpers/fixtures.ts'
import { namesOf, RawClient } from '../helpers/mcp-client.ts'
import { eventually, isRunning, runningProcesses } from '../helpers/processes.ts'
import { TempHome } from '../helpers/temp-home.ts'

describe('before and around initialize', () => {
  test('an unknown first request gets -32601 at once, and the session goes on', async () => {
    using home = new TempHome(configOf([]))
    await using client = RawClient.raw(home)

    expect((await client.request('server/discover', {})).error?.code).toBe(-32601)
    expect((await client.request('ping')).result).toEqual({})
    expect((await client.request('tools/list')).error?.code).toBe(-32600)
    const { result } = await client.request('initialize', { protocolVersion: '2024-11-05', capabilities: {} })
    expect(result).toMatchObject({
      protocolVersion: '2024-11-05',
      capabilities: { tools: { listChanged: true } },
    })
    expect((await client.request('tools/list')).result).toEqual({ tools: [] })
    expect((await client.request('initialize', {})).error?.code).toBe(-32600)
  })

  test('a revision that we do not know is answered with our newest', async () => {
    using home = new TempHome(configOf([]))
    await using client = RawClient.raw(home)

    const { result } = await client.request('initialize', { protocolVersion: '2031-01-01', capabilities: {} })

    expect(result?.['protocolVersion']).toBe('2025-11-25')
  })

  test('malformed lines are answered as JSON-RPC asks, and harm nothing', async () => {
    using home = new TempHome(configOf([{ id: 'one' }]))
    await using client = await RawClient.start(home)

    client.sendRaw('{"jsonrpc":"2.0","id":7,"method"\n"just text"\n{"id":8}\n\n')
    client.sendRaw(
      `{"jsonrpc":"2.0","id":9,"method":"tools/call","params":{"name":"one__echo","name":"one__exit"}}\n`,
    )
    client.sendRaw(`{"jsonrpc":"2.0","id":10,"method":"x","params":{"long":"${'y'.repeat(10_000_000)}"}}\n`)

    expect((await client.reply(10)).error?.code).toBe(-32601)
    const codes = client.messages.filter(({ id }) => id === null).map(({ error }) => error?.code)
    expect(codes).toEqual([-32700, -32700, -32600])
    expect((await client.reply(9)).error?.code).toBe(-32600)
    expect(await client.callText('one__echo', { message: 'fine' })).toBe('fine')
  })

  test('a batch is taken apart and answered', async () => {
    using home = new TempHome(configOf([]))
    await using client = await RawClient.start(home)

    client.sendRaw('[{"jsonrpc":"2.0","id":"a","method":"ping"},{"jsonrpc":"2.0","id":"b","method":"ping"}]\n')

    expect((await client.reply('a')).result).toEqual({})
    expect((await client.reply('b')).result).toEqual({})
  })
})

describe('the configuration while serve runs', () => {
  test('a valid change applies and is announced; an invalid one keeps what was and says so', async () => {
    using home = new TempHome(configOf([{ id: 'one' }]))
    await using client = await RawClient.start(home)
    expect(namesOf(await client.request('tools/list'))).toContain('one__echo')

    home.writeConfig('downstream_servers: [{ id: one, command: x, tokn: y }]')
    await client.stderrHas('hint: allowed here: id')
    await client.stderrHas('stays in force')
    expect(await client.callText('one__echo', { message: 'still' })).toBe('still')

    home.writeConfig(configOf([{ id: 'one', more: { tool_namespace: 'uno' } }, { id: 'two' }]))
    await client.notification('notifications/tools/list_changed')
    const names = async () => namesOf(await client.request('tools/list'))
    await eventually(async () => (await names()).includes('two__echo'), 'the new server is listed')
    expect(await names()).toContain('uno__echo')
    expect(await client.callText('uno__echo', { message: 'new' })).toBe('new')
    expect((await client.call('one__echo')).error?.message).toBe('Unknown tool: one__echo')
  })

  test('serve starts with a broken file, says so to the client, and heals when it is mended', async () => {
    using home = new TempHome('downstream_servers: [{ id: one }]')
    await using client = await RawClient.start(home)
    expect((await client.request('tools/list')).error?.message).toContain('1 problem in the configuration')

    home.writeConfig(configOf([{ id: 'one' }]))

    expect(namesOf(await client.request('tools/list'))).toContain('one__echo')
  })
})

describe('ends', () => {
  const pidOf = async (client: RawClient, tool: string) => JSON.parse(await client.callText(tool)).pid as number

  test('a client that leaves takes gateway and servers with it', async () => {
    using home = new TempHome(configOf([{ id: 'one', more: UNSHIELDED }]))
    const client = await RawClient.start(home)
    const pid = await pidOf(client, 'one__environment')

    expect(await client.close()).toBe(0)

    expect(isRunning(pid)).toBe(false)
  })

  test.each(['SIGTERM', 'SIGINT', 'SIGKILL'] as const)(
    'no server outlives a gateway ended by %s',
    async (signal) => {
      using home = new TempHome(
        configOf([
          { id: 'one', more: UNSHIELDED },
          { id: 'hard', script: 'odd', args: ['stubborn'], more: UNSHIELDED },
        ]),
      )
      const client = await RawClient.start(home)
      const pids = [await pidOf(client, 'one__environment'), Number(await client.callText('hard__echo'))]
      const groups = runningProcesses().filter(({ group }) => pids.includes(group))
      expect(groups.length).toBeGreaterThanOrEqual(3)

      client.process.kill(signal)
      await client.process.exited

      await eventually(() => !runningProcesses().some(({ group }) => pids.includes(group)), 'all are gone')
    },
  )

  test('an idle server is stopped, and started again by the next call', async () => {
    using home = new TempHome(configOf([{ id: 'one', more: { ...UNSHIELDED, idle_timeout_sec: 1 } }]))
    await using client = await RawClient.start(home)
    const pid = await pidOf(client, 'one__environment')

    await eventually(() => !isRunning(pid), 'it was stopped')

    expect(await client.callText('one__echo', { message: 'back' })).toBe('back')
  })
})
