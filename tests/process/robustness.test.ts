import { describe, expect, test } from 'bun:test'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { configOf, UNSHIELDED } from '../helpers/fixtures.ts'
import { RawClient } from '../helpers/mcp-client.ts'
import { eventually, isRunning } from '../helpers/processes.ts'
import { BINARY, TempHome } from '../helpers/temp-home.ts'

const MIB = 1024 * 1024
/** 70 at rest, 64 of the line before it is given up, and what the allocator has not given back; measured: 150 to 205. */
const LONG_LINE_PEAK_MIB = 280
const INITIALIZE = JSON.stringify({
  jsonrpc: '2.0',
  id: 'init',
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 't', version: '1' } },
})
const callLine = (id: string, name: string, args: object) =>
  `${JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params: { name, arguments: args } })}\n`

const twoServers = () => new TempHome(configOf([{ id: 'one' }, { id: 'two' }]))

function peakMib(pid: number): number {
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024
}

/** A client whose writes wait for the pipe, so that a flood is not kept in this process. */
async function write(client: RawClient, text: string | Uint8Array): Promise<void> {
  client.process.stdin.write(text)
  await client.process.stdin.flush()
}

describe('too much', () => {
  test('a line of 200 MB from the client is skipped, and the session goes on', async () => {
    using home = twoServers()
    await using client = await RawClient.start(home)

    const block = new Uint8Array(MIB).fill(0x20)
    for (let sent = 0; sent < 200; sent++) await write(client, block)
    await write(client, '\n')

    expect((await client.waitFor(({ id }) => id === null, 'the refusal')).error?.code).toBe(-32600)
    expect(await client.callText('one__echo', { message: 'still here' })).toBe('still here')
    expect(peakMib(client.process.pid)).toBeLessThan(LONG_LINE_PEAK_MIB)
  }, 60_000)

  test.each([
    ['first', '{"jsonrpc":"2.0","id":"c\\"1","method":"tools/call","params":{"text":"', '"}}', 'c"1'],
    ['last', '{"method":"tools/call","params":{"text":"', '"},"jsonrpc":"2.0","id":77}', 77],
    ['first, of an answer', '{"jsonrpc":"2.0","id":5,"result":{"text":"', '"}}', null],
  ])('a request of 70 MB fails under its own id, which stands %s', async (_where, head, tail, expected) => {
    using home = twoServers()
    await using client = await RawClient.start(home)

    await write(client, head)
    const block = new Uint8Array(MIB).fill(0x78)
    for (let sent = 0; sent < 70; sent++) await write(client, block)
    await write(client, `${tail}\n`)

    const refusal = await client.waitFor(({ error }) => error !== undefined, 'the refusal')
    expect({ id: refusal.id, code: refusal.error?.code }).toEqual({ id: expected, code: -32600 })
  })

  test('a line of 200 MB from a server fails its call, and the server goes on', async () => {
    using home = twoServers()
    await using client = await RawClient.start(home)

    expect(await client.callText('one__big', { bytes: 200 * MIB })).toContain('more than 64 MiB')
    expect(await client.callText('one__echo', { message: 'still here' })).toBe('still here')
    expect(peakMib(client.process.pid)).toBeLessThan(LONG_LINE_PEAK_MIB)
  }, 60_000)

  test('100,000 notifications of a server reach the client, and other servers answer meanwhile', async () => {
    using home = twoServers()
    await using client = await RawClient.start(home)
    await client.callText('two__echo', { message: 'awake' })

    const spam = client.callText('one__spam', { count: 100_000 })
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) => client.callText('two__echo', { message: `m${n}` })),
    )

    expect(answers).toEqual(Array.from({ length: 50 }, (_, n) => `m${n}`))
    expect(await spam).toBe('spammed')
    expect(client.lines.filter((line) => line.includes('"spam"')).length).toBe(100_000)
  }, 60_000)

  test('1,000 calls in flight are each answered once, with their own answer', async () => {
    using home = twoServers()
    await using client = await RawClient.start(home)

    const names = Array.from({ length: 1000 }, (_, n) => `call-${n}`)
    const replies = names.map((name) => client.request('tools/call', echoOf(name), name))
    const texts = (await Promise.all(replies)).map(
      ({ result }) => (result?.['content'] as { text: string }[] | undefined)?.[0]?.text,
    )

    expect(texts).toEqual(names)
    expect(client.messages.filter(({ id }) => String(id).startsWith('call-')).length).toBe(1000)
  }, 60_000)

  const echoOf = (name: string) => ({ name: 'one__echo', arguments: { message: name } })

  test('a list of five million items is refused, and everything else goes on', async () => {
    using home = new TempHome(configOf([{ id: 'one' }, { id: 'wide', script: 'odd', args: ['many-listed'] }]))
    await using client = await RawClient.start(home)

    const { result } = await client.request('tools/list')

    expect(JSON.stringify(result)).toContain('one__echo')
    await client.stderrHas('its tools/list')
    expect(peakMib(client.process.pid)).toBeLessThan(LONG_LINE_PEAK_MIB)
  }, 60_000)

  test('a server that says without end that its list has changed fills no memory', async () => {
    using home = new TempHome(
      configOf([{ id: 'one' }, { id: 'odd', script: 'odd', args: ['restless-without-end'] }]),
    )
    await using client = await RawClient.start(home)
    await client.request('tools/list')

    expect(await client.callText('odd__flood')).toBe('flooded')

    expect(await client.callText('one__echo', { message: 'still here' })).toBe('still here')
    expect(peakMib(client.process.pid)).toBeLessThan(LONG_LINE_PEAK_MIB)
  }, 60_000)

  test('a batch of a million parts is refused at once', async () => {
    using home = twoServers()
    await using client = await RawClient.start(home)

    client.sendRaw(`[${'0,'.repeat(5_000_000)}0]\n`)

    expect((await client.waitFor(({ id }) => id === null, 'the refusal')).error).toBeDefined()
    expect(peakMib(client.process.pid)).toBeLessThan(LONG_LINE_PEAK_MIB)
  })

  test('a server that floods stderr holds nobody up', async () => {
    using home = new TempHome(configOf([{ id: 'one' }, { id: 'loud', script: 'odd', args: ['chatty-stderr'] }]))
    await using client = await RawClient.start(home)
    await client.callText('one__echo', { message: 'awake' })

    const flood = client.callText('loud__echo')
    let slowestMs = 0
    let isFlooding = true
    void flood.then(() => (isFlooding = false))
    while (isFlooding) {
      const started = performance.now()
      await client.request('ping')
      slowestMs = Math.max(slowestMs, performance.now() - started)
    }

    expect(await flood).toBe('here')
    expect(slowestMs).toBeLessThan(1000)
  }, 60_000)

  test('of a batch every part is answered, whatever stands beside it', async () => {
    using home = twoServers()
    await using client = await RawClient.start(home)
    const ping = (id: string) => ({ jsonrpc: '2.0', id, method: 'ping' })

    client.sendRaw(`${JSON.stringify([ping('before'), 1, ping('after')])}\n`)

    expect((await client.reply('after')).result).toEqual({})
    expect((await client.reply('before')).result).toEqual({})
    expect(client.messages.find(({ id }) => id === null)?.error?.code).toBe(-32600)
  })

  const MODERN =
    '"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}'
  test.each([
    ['_meta', '"tools/call","params":{"name":"one__echo","arguments":{},"_meta":{"a":1,"a":2}}'],
    ['params', '"tools/call","params":{"name":"one__echo","name":"two__echo","arguments":{}}'],
    ['a reference', '"completion/complete","params":{"ref":{"type":"ref/prompt","name":"a","name":"b"}}'],
    [
      'a filter',
      `"subscriptions/listen","params":{"notifications":{"toolsListChanged":true,"toolsListChanged":true},"_meta":{${MODERN}}}`,
    ],
    [
      'answers',
      `"tools/call","params":{"name":"one__echo","requestState":"x","inputResponses":{"a":1,"a":1},"_meta":{${MODERN}}}`,
    ],
  ])('a request in which %s names a member twice harms nobody', async (_where, rest) => {
    using home = twoServers()
    await using client = await RawClient.start(home)

    client.sendRaw(`{"jsonrpc":"2.0","id":"twice","method":${rest}}\n`)
    await client.waitFor(({ id, error }) => id === null || (id === 'twice' && error !== undefined), 'a refusal')

    expect(await client.callText('one__echo', { message: 'still here' })).toBe('still here')
  })
})

describe('what a server says of itself', () => {
  test('with a name twice once unseen characters are gone is left out, and all else stays', async () => {
    using home = new TempHome(configOf([{ id: 'odd', script: 'odd', args: ['two-names'] }, { id: 'one' }]))
    await using client = await RawClient.start(home)

    const { result } = await client.request('tools/list')
    const names = ((result?.['tools'] ?? []) as { name: string }[]).map(({ name }) => name)

    expect(names).toContain('odd__plain')
    expect(names).toContain('one__echo')
    expect(names.some((name) => /odd__[ab]$/.test(name))).toBe(false)
  })

  test('twice is left out by name, and said once', () => {
    using home = new TempHome()
    const offer = join(home.folder, 'offer.json')
    writeFileSync(offer, JSON.stringify({ instructions: '', tools: [{ name: 'a' }, { name: 'a' }] }))
    home.writeConfig(configOf([{ id: 'one', script: 'odd', args: ['from-file', offer] }]))

    const { stderr } = home.runSync(['tools', 'list', '--refresh'])

    const warnings = stderr
      .split('\n')
      .filter((line) => line.includes('is left out, as it is there twice: "a"'))
    expect(warnings).toHaveLength(1)
  })

  test('in instructions of 10 MB is left out', async () => {
    using home = new TempHome(configOf([{ id: 'odd', script: 'odd', args: ['wordy'] }]))
    expect(home.runSync(['tools', 'list']).stdout).toContain('odd__echo')
    await using client = await RawClient.start(home)
    await client.request('tools/list')

    await using second = await RawClient.start(home)
    expect(JSON.stringify(await second.reply(1)).length).toBeLessThan(2000)
  })

  test('in a list of tasks that are none hides no task of another', async () => {
    using home = new TempHome(
      configOf([
        { id: 'odd', script: 'odd', args: ['odd-tasks'] },
        { id: 'two', script: 'odd', args: ['odd-tasks'] },
      ]),
    )
    await using client = await RawClient.start(home)
    await client.request('tools/list')

    expect((await client.request('tasks/list')).result).toEqual({ tasks: [{ taskId: 't' }, { taskId: 't' }] })
  })
})

describe('what nobody waits for', () => {
  test('a second reply under the same id, and one under an unknown id, are dropped', async () => {
    using home = twoServers()
    await using client = await RawClient.start(home)
    const reply = (id: string, text: string) =>
      `{"jsonrpc":"2.0","id":${id},"result":{"content":[{"type":"text","text":"${text}"}]}}\n`

    const line = `${reply('$ID', 'first')}${reply('99999', 'unknown')}`
    expect(await client.callText('one__raw', { line })).toBe('first')
    expect(await client.callText('one__raw', { line: reply('$ID', 'second') })).toBe('second')

    expect(client.lines.some((each) => each.includes('unknown'))).toBe(false)
    expect(new Set(client.messages.map(({ id }) => id)).size).toBe(client.messages.length)
  })

  test('the reply to a call that was cancelled reaches nobody', async () => {
    using home = twoServers()
    await using client = await RawClient.start(home)
    client.send({ id: 'held', method: 'tools/call', params: { name: 'one__hold', arguments: {} } })
    await client.callText('one__echo', { message: 'it has begun' })

    client.send({ method: 'notifications/cancelled', params: { requestId: 'held' } })
    await client.callText('one__release')
    await client.callText('one__echo', { message: 'after' })

    expect(client.messages.some(({ id }) => id === 'held')).toBe(false)
  })
})

describe('ends in the middle', () => {
  test('a client that vanishes in a call takes gateway and servers with it', async () => {
    using home = new TempHome(configOf([{ id: 'one', more: UNSHIELDED }]))
    const client = await RawClient.start(home)
    const server = JSON.parse(await client.callText('one__environment')).pid
    client.send({ id: 'held', method: 'tools/call', params: { name: 'one__hold', arguments: {} } })

    await client.close()

    await eventually(() => !isRunning(server), 'the server is gone')
  })

  test('a client that no longer reads ends the gateway, though it keeps its own end open', async () => {
    using home = twoServers()
    const script = `(printf '%s\\n' '${INITIALIZE}'; printf '%s' '${callLine('big', 'one__big', { bytes: 1000000 })}'; sleep 1) |
      { "$0" serve; echo ended with $? >&2; } | head -c 100 >/dev/null`
    const run = Bun.spawn(['/bin/sh', '-c', script, BINARY], { env: home.env, stderr: 'pipe' })

    expect(await new Response(run.stderr).text()).toContain('ended with 0')
  }, 30_000)

  test('a server that dies with calls in flight fails these, and no call to another server', async () => {
    using home = twoServers()
    await using client = await RawClient.start(home)
    await client.callText('two__echo', { message: 'awake' })

    const held = client.call('one__hold')
    const other = client.callText('two__echo', { message: 'fine' })
    await client.call('one__exit')

    expect(JSON.stringify(await held)).toContain('ended during the call')
    expect(await other).toBe('fine')
    expect(await client.callText('one__echo', { message: 'back' })).toBe('back')
  })
})

describe('slow readers', () => {
  test('a client that does not read for long gets everything, and memory stays small', async () => {
    using home = twoServers()
    const calls = Array.from({ length: 300 }, (_, n) =>
      callLine(`c${n}`, 'one__big', { bytes: 1_000_000 }),
    ).join('')
    const read = `(sleep 1.5; grep -m 300 '"id":"c' | wc -c; echo >"$3")`
    const script = `mkfifo "$3"; (printf '%s\\n' "$1"; cat "$2" "$3") | sh -c 'echo $$ >&2; exec "$0" serve' "$0" | ${read}`
    await Bun.write(home.file('calls.jsonl'), calls)
    const files = [home.file('calls.jsonl'), home.file('everything-was-read')]
    const run = Bun.spawn(['/bin/sh', '-c', script, BINARY, INITIALIZE, ...files], {
      env: home.env,
      stdout: 'pipe',
      stderr: 'pipe',
    })
    const { value } = await run.stderr.getReader().read()
    const pid = Number(new TextDecoder().decode(value).trim())
    let peak = 0
    const watch = setInterval(() => {
      if (isRunning(pid)) peak = Math.max(peak, peakMib(pid))
    }, 50)
    const text = await new Response(run.stdout).text()
    clearInterval(watch)

    expect(Number(text)).toBeGreaterThan(300_000_000)
    expect(peak).toBeLessThan(240)
  }, 60_000)

  test('a server that does not read for long gets everything, and memory stays small', async () => {
    using home = twoServers()
    await using client = await RawClient.start(home)
    await client.callText('one__echo', { message: 'awake' })

    const blocked = client.callText('one__block', { ms: 2000 })
    const message = 'x'.repeat(MIB)
    for (let n = 0; n < 100; n++) await write(client, callLine(`slow-${n}`, 'one__fail', { message }))

    expect(await blocked).toBe('unblocked')
    await client.reply('slow-99')
    // measured: 130 to 155, once 192; however many there are, as the allocator keeps what the collector has freed
    expect(peakMib(client.process.pid)).toBeLessThan(300)
  }, 60_000)
})
