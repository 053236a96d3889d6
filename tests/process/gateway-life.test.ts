import { Database } from 'bun:sqlite'
import { describe, expect, test } from 'bun:test'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { configOf, UNSHIELDED } from '../helpers/fixtures.ts'
import { type Message, RawClient } from '../helpers/mcp-client.ts'
import { eventually, isRunning, runningProcesses } from '../helpers/processes.ts'
import { BINARY, TempHome } from '../helpers/temp-home.ts'

const namesOf = ({ result }: Message) =>
  ((result?.['tools'] ?? []) as { name: string }[]).map(({ name }) => name)
const textOf = ({ result }: Message) =>
  String((result?.['content'] as { text: string }[] | undefined)?.[0]?.text)

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
    expect(codes).toEqual([-32700, -32700, -32600, -32700])
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

function homeOfOdd(kind: string, more: Record<string, unknown> = {}): TempHome {
  return new TempHome(configOf([{ id: 'odd', script: 'odd', args: [kind], more }]))
}

describe('servers as they should not be', () => {
  const more = { startup_timeout_sec: 1, call_timeout_sec: 1 }

  test('one that exits is reported with its last words, then rests', async () => {
    using home = new TempHome(configOf([{ id: 'bad', script: 'odd', args: ['exits'], more }]))
    await using client = await RawClient.start(home)

    const first = textOf(await client.call('bad__echo'))
    const second = textOf(await client.call('bad__echo'))

    expect(first).toContain('exit code 7')
    expect(first).toContain('cannot find my configuration')
    expect(second).toMatch(/rests for 1 s more/)
  })

  test('one that never speaks is given up after startup_timeout_sec', async () => {
    using home = new TempHome(configOf([{ id: 'mute', script: 'odd', args: ['mute'], more }]))
    await using client = await RawClient.start(home)

    expect(textOf(await client.call('mute__echo'))).toContain('not ready within 1 s')
  })

  test('one that closes its output in a call fails the call', async () => {
    using home = new TempHome(configOf([{ id: 'odd', script: 'odd', args: ['closes-stdout'], more }]))
    await using client = await RawClient.start(home)

    expect(textOf(await client.call('odd__echo'))).toMatch(/ended during the call|did not answer/)
  })

  test('junk on stdout is skipped, a reply in pieces is read whole', async () => {
    using home = new TempHome(configOf([{ id: 'noisy', script: 'odd', args: ['junk'], more: {} }]))
    await using client = await RawClient.start(home)

    expect(await client.callText('noisy__echo')).toBe('日本')
    expect(client.stderr).toContain('not JSON-RPC')
  })

  test('a flood on stderr neither blocks the server nor reaches the terminal raw', async () => {
    using home = new TempHome(configOf([{ id: 'loud', script: 'odd', args: ['floods-stderr'] }]))
    await using client = await RawClient.start(home)

    expect(await client.callText('loud__echo')).toBe('here')
    expect(client.stderr).toContain('loud | noise 0 \\u{1b}[31m')
    expect(client.stderr).not.toContain('\u001b')
    expect(client.stderr.split('\n').length).toBeLessThan(5000)
  })

  test('a client that never reads our stderr cannot stop us', async () => {
    using home = new TempHome(configOf([{ id: 'loud', script: 'odd', args: ['wide-stderr'] }]))
    const fifo = home.file('stderr')
    Bun.spawnSync(['mkfifo', fifo])
    const script = 'sleep 60 <"$1" & exec "$0" serve 2>"$1"'
    await using client = await RawClient.start(home, {}, { command: ['/bin/sh', '-c', script, BINARY, fifo] })

    for (let round = 0; round < 5; round++) expect(await client.callText('loud__echo')).toBe('here')
  })

  test('one whose child holds its output open fails the call when it ends', async () => {
    using home = homeOfOdd('leaves-child')
    await using client = await RawClient.start(home)

    expect(textOf(await client.call('odd__echo'))).toContain('exit code 3')
  })

  test('one that no longer reads is noticed, though it lives on', async () => {
    const reply = '{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-11-25","capabilities":{}}}'
    const script = `read -r line; exec 0<&-; echo '${reply}'; sleep 1000`
    // the monitor of bubblewrap would hold the other end of the pipe
    const more = { ...UNSHIELDED, command: 'sh', args: ['-c', script] }
    using home = new TempHome(configOf([{ id: 'deaf', more }]))
    await using client = await RawClient.start(home)

    expect(textOf(await client.call('deaf__any'))).toContain('it no longer reads')
  })

  test.each([
    ['mute-list', 'was not answered within 1 s'],
    ['endless-list', 'gives the same cursor twice'],
    ['huge-list', 'over 16 MiB'],
  ])('one whose tools/list never ends (%s) is given up', (kind, reason) => {
    using home = homeOfOdd(kind, { startup_timeout_sec: 1 })
    const { exitCode, stderr } = home.runSync(['tools', 'list'])

    expect(stderr).toContain(reason)
    expect(exitCode).toBe(1)
  })

  test('one whose list never ends is asked for no more pages after its time', async () => {
    const more = { startup_timeout_sec: 1 }
    using home = new TempHome(configOf([{ id: 'one', script: 'odd', args: ['lists-without-end'], more }]))
    await using client = await RawClient.start(home)

    await client.request('tools/list')
    await client.stderrHas('tools/list was not answered')

    expect(await client.callText('one__listed')).toBe(await client.callText('one__listed'))
  })

  test('one that announces a changed list 2,000 times is asked a few times', async () => {
    using home = homeOfOdd('restless')
    await using client = await RawClient.start(home)
    expect(namesOf(await client.request('tools/list'))).toHaveLength(1)

    await client.notification('notifications/tools/list_changed')

    const [name = ''] = namesOf(await client.request('tools/list'))
    expect(Number(name.split('-').at(-1))).toBeLessThan(10)
  })

  test('a command that is not there is named, with what to do', async () => {
    using home = new TempHome('downstream_servers: [{ id: gone, command: no-such-program-here }]')
    await using client = await RawClient.start(home)

    expect(textOf(await client.call('gone__x'))).toContain('command no-such-program-here was not found')
  })

  test('a path with arguments behind it gets its own hint', () => {
    using home = new TempHome('downstream_servers: [{ id: gone, command: /usr/bin/node server.js }]')
    const { stderr } = home.runSync(['tools', 'call', 'gone__x'])

    expect(stderr).toContain('arguments under `args`')
  })

  test.skipIf(!existsSync('/usr/bin/bwrap'))('a strict shield that hides the script is said to', () => {
    using home = new TempHome()
    const script = join(home.folder, 'server.js')
    writeFileSync(script, '')
    const server = { id: 'one', command: process.execPath, args: [script], shield: 'strict' }
    home.writeConfig(JSON.stringify({ downstream_servers: [server] }))
    const { stderr } = home.runSync(['tools', 'list'])

    expect(stderr).toContain('`readable`')
  })

  test.each([
    ['/etc/passwd', "/etc/passwd is no program that can be run\nmcplexer: hint: ls -ld '/etc/passwd'\n"],
    ['/no/such', 'command /no/such was not found\nmcplexer: hint: install /no/such\n'],
  ])('a path that leads to no program (%s) is not looked for in PATH', (command, said) => {
    using home = new TempHome(`downstream_servers: [{ id: odd, command: ${command} }]`)

    expect(home.runSync(['tools', 'call', 'odd__x']).stderr).toContain(`server odd: ${said}`)
  })

  test('a call over call_timeout_sec fails; progress and questions to the client keep it alive', async () => {
    using home = new TempHome(configOf([{ id: 'slow', more: { call_timeout_sec: 1 } }]))
    await using client = await RawClient.start(home, { sampling: {} })
    await client.call('slow__echo')

    const call = client.callText('slow__ask', { method: 'sampling/createMessage' })
    const question = await client.waitFor(({ method }) => method === 'sampling/createMessage', 'the question')
    expect(textOf(await client.call('slow__echo', { message: 'x' }))).toBe('x')
    await Bun.sleep(1200)
    client.send({ id: question.id, result: {} })

    expect(await call).toContain('"result":{}')
    expect(textOf(await client.call('slow__hold'))).toContain('did not answer within 1 s')
  })
})

test('a question that nobody answers holds its own call, and no other', async () => {
  using home = new TempHome(configOf([{ id: 'one', more: { call_timeout_sec: 1 } }]))
  await using client = await RawClient.start(home, { sampling: {} })
  await client.callText('one__echo', { message: 'awake' })

  const held = client.call('one__hold')
  client.send({
    id: 'asks',
    method: 'tools/call',
    params: { name: 'one__ask', arguments: { method: 'sampling/createMessage' } },
  })
  const question = await client.waitFor(({ method }) => method === 'sampling/createMessage', 'the question')

  expect(textOf(await held)).toContain('did not answer within 1 s')
  client.send({ id: question.id, result: { late: true } })
  expect(textOf(await client.reply('asks'))).toContain('late')
})

describe('the configuration while serve runs', () => {
  test('a valid change applies and is announced; an invalid one keeps what was and says so', async () => {
    using home = new TempHome(configOf([{ id: 'one' }]))
    await using client = await RawClient.start(home)
    expect(namesOf(await client.request('tools/list'))).toContain('one__echo')

    home.writeConfig('downstream_servers: [{ id: one, command: x, tokn: y }]')
    await client.stderrHas('stays in force')
    expect(await client.callText('one__echo', { message: 'still' })).toBe('still')

    home.writeConfig(configOf([{ id: 'one', more: { tool_namespace: 'uno' } }, { id: 'two' }]))
    await client.notification('notifications/tools/list_changed')
    let names = namesOf(await client.request('tools/list'))
    for (let round = 0; round < 100 && !names.includes('two__echo'); round++) {
      names = namesOf(await client.request('tools/list'))
    }
    expect(names).toContain('uno__echo')
    expect(names).toContain('two__echo')
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

describe('the stored list', () => {
  test('is given at the next start without starting a server', async () => {
    using home = new TempHome(configOf([{ id: 'one', args: ['/dev/null'] }]))
    {
      await using first = await RawClient.start(home)
      await first.request('tools/list')
    }
    await using client = await RawClient.start(home)

    expect(namesOf(await client.request('tools/list'))).toContain('one__echo')
    await Bun.sleep(300)
    const children = runningProcesses().filter(({ commandLine }) =>
      commandLine.includes('general.ts /dev/null'),
    )
    expect(children).toEqual([])
  })

  test('the first list waits no longer than first_list_wait_sec for a slow server', async () => {
    const entries = [{ id: 'one' }, { id: 'mute', script: 'odd' as const, args: ['mute'] }]
    using home = new TempHome(configOf(entries, [], { first_list_wait_sec: 1 }))
    await using client = await RawClient.start(home)
    const started = performance.now()

    const names = namesOf(await client.request('tools/list'))

    expect(names).toContain('one__echo')
    expect(performance.now() - started).toBeLessThan(10_000)
  })
})

test('servers that come after the wait are announced', async () => {
  const entries = [{ id: 'one' }, { id: 'late', script: 'odd' as const, args: ['slow-start'] }]
  using home = new TempHome(configOf(entries, [], { first_list_wait_sec: 1 }))
  await using client = await RawClient.start(home)

  const first = namesOf(await client.request('tools/list'))
  await client.notification('notifications/tools/list_changed')
  const second = namesOf(await client.request('tools/list'))

  expect([first.includes('late__echo'), second.includes('late__echo')]).toEqual([false, true])
})

test('a server that could not start is named in the instructions of the next session', async () => {
  using home = new TempHome(
    configOf([{ id: 'one', more: { auth_scope: 'a' } }], [{ id: 'a', keys: [{ name: 'K' }] }]),
  )
  {
    await using client = await RawClient.start(home)
    await client.request('tools/list')
  }
  await using client = await RawClient.start(home)

  const { result } = await client.reply(1)
  expect(String(result?.['instructions'])).toContain('mcplexer secret put a K')
})

test('a planted view in the place of the stored list is not read, and the tools come all the same', async () => {
  using home = new TempHome(configOf([{ id: 'one' }], [], { audit: { on_failure: 'allow' } }))
  expect(home.runSync(['tools', 'list']).exitCode).toBe(0)
  const database = new Database(home.file('activity.db'))
  database.run('drop table stored_replies')
  database.run(`create view stored_replies as with recursive n(x) as (select 1 union all select x + 1 from n)
    select '' as config_digest, '' as variant, x as tools, '' as instructions from n`)
  database.close()
  await using client = await RawClient.start(home)

  expect(namesOf(await client.request('tools/list'))).toContain('one__echo')
})

test('a stored list that somebody else has written makes no line of the protocol', async () => {
  const FORGED = '{}\n{"jsonrpc":"2.0","method":"forged"}'
  using home = new TempHome(configOf([{ id: 'one' }]))
  expect(home.runSync(['tools', 'list']).exitCode).toBe(0)
  for (const forge of [
    (listing: { lists: { tools: unknown } }) => (listing.lists.tools = [FORGED]),
    (listing: { lists: { tools: unknown } }) => (listing.lists.tools = 5),
    (listing: { offer: { capabilities: string } }) => (listing.offer.capabilities = FORGED),
  ]) {
    const database = new Database(home.file('activity.db'))
    database.run('delete from stored_replies')
    const [entry] = database.query<{ listing: string }, []>('select listing from catalog_entries').all()
    const listing = JSON.parse(entry?.listing ?? '')
    forge(listing)
    database.run('update catalog_entries set listing = ?', [JSON.stringify(listing)])
    database.close()
    await using client = await RawClient.start(home)

    expect(namesOf(await client.request('tools/list'))).toContain('one__echo')
    expect(client.lines.some((line) => line.includes('"forged"'))).toBe(false)
  }
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

test('a relative command starts at the folder of the file, cwd defaults to home, `client` is the client’s folder', async () => {
  using home = new TempHome()
  const project = join(home.folder, 'project')
  mkdirSync(project)
  writeFileSync(join(project, 'run.sh'), `#!/bin/sh\nexec ${process.execPath} "$@"\n`, { mode: 0o755 })
  const script = `${import.meta.dir}/../fixtures/servers/general.ts`
  const config = join(project, 'team.yaml')
  writeFileSync(
    config,
    JSON.stringify({
      downstream_servers: [
        { id: 'home', command: './run.sh', args: [script] },
        { id: 'client', command: './run.sh', args: [script], cwd: 'client' },
      ],
    }),
  )
  await using client = await RawClient.start(home, {}, { command: [BINARY, 'serve', '--config', config] })

  expect(JSON.parse(await client.callText('home__environment')).cwd).toBe(process.env['HOME'])
  expect(JSON.parse(await client.callText('client__environment')).cwd).toBe(home.folder)
})

test('a program in a folder that is hidden from servers is refused, with what to do', async () => {
  using home = new TempHome()
  writeFileSync(home.file('run.sh'), '#!/bin/sh\n', { mode: 0o755 })
  home.writeConfig(JSON.stringify({ downstream_servers: [{ id: 'one', command: './run.sh' }] }))
  await using client = await RawClient.start(home)

  await client.request('tools/list')

  await client.stderrHas('which is hidden from servers')
})
