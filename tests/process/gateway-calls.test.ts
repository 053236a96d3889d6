import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { configOf } from '../helpers/fixtures.ts'
import { namesOf, RawClient } from '../helpers/mcp-client.ts'
import { eventually } from '../helpers/processes.ts'
import { BINARY, TempHome } from '../helpers/temp-home.ts'

let home: TempHome
let client: RawClient
let record: string

beforeAll(async () => {
  home = new TempHome()
  record = join(home.folder, 'record.jsonl')
  home.writeConfig(configOf([{ id: 'one', args: [record], more: { pin: 'off' } }, { id: 'two.b' }]))
  client = await RawClient.start(home, { roots: {}, sampling: {} })
})

afterAll(async () => {
  await client.close()
  home[Symbol.dispose]()
})

const recorded = () =>
  readFileSync(record, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))

test('tools of all servers and all pages are listed as namespace__tool, every field kept', async () => {
  const { result } = await client.request('tools/list')

  const tools = result?.['tools'] as { name: string }[]
  expect(tools.map(({ name }) => name)).toContain('two-b__exit')
  expect(tools.filter(({ name }) => name.startsWith('one__')).length).toBe(15)
  expect(tools.find(({ name }) => name === 'one__echo')).toEqual({
    name: 'one__echo',
    inputSchema: { type: 'object' },
    title: 'Echo',
    annotations: { readOnlyHint: true },
    _meta: { 'x/y': [1500] },
    unknownField: { a: null },
  } as never)
})

test('arguments and results go through untouched', async () => {
  const args = { message: 'é😀\n"\\', nested: { a: [1, null, { b: '' }] } }

  const { result } = await client.call('one__echo', args)

  expect(result).toEqual({
    content: [{ type: 'text', text: args.message }],
    structuredContent: { args },
    _meta: { kept: true },
    fieldNobodyKnows: [1],
  })
})

test('a result keeps its bytes: big integers, number spelling, key order, lone surrogates', async () => {
  const body = '"result" : {"z":12345678901234567890,"a":1.50e+3,"s":"\\ud800","content":[]}'

  await client.request(
    'tools/call',
    { name: 'one__raw', arguments: { line: `{"jsonrpc":"2.0","id":$ID, ${body}}\n` } },
    'my-id',
  )

  expect(client.lines.at(-1)).toBe(`{"jsonrpc":"2.0","id":"my-id", ${body}}`)
})

test('an error of the server arrives as it sent it', async () => {
  const error = { code: -32042, message: 'ask later', data: { url: 'https://x.example', n: 1 } }

  const reply = await client.call('one__raw', {
    line: `${JSON.stringify({ jsonrpc: '2.0', id: '$ID', error }).replace('"$ID"', '$ID')}\n`,
  })

  expect(reply.error).toEqual(error)
})

test('isError of a tool is the client’s to see', async () => {
  expect((await client.call('one__fail')).result).toEqual({
    content: [{ type: 'text', text: 'the tool failed' }],
    isError: true,
  })
})

test('unknown tools are a protocol error, whoever would own them', async () => {
  for (const name of ['one__nope', 'three__echo', 'echo', '']) {
    expect((await client.call(name)).error).toEqual({ code: -32602, message: `Unknown tool: ${name}` })
  }
})

test('a slow call delays no other, and equal ids of two servers do not meet', async () => {
  const held = client.request('tools/call', { name: 'one__hold' }, 'held')
  const replies = await Promise.all(
    Array.from({ length: 50 }, (_, n) =>
      client.callText(n % 2 ? 'one__echo' : 'two-b__echo', { message: `m${n}` }),
    ),
  )
  expect(replies).toEqual(Array.from({ length: 50 }, (_, n) => `m${n}`))

  await client.call('one__release')
  expect((await held).result).toEqual({ content: [{ type: 'text', text: 'released' }] })
})

test('progress comes under the token of the one who asked', async () => {
  const reply = await client.call('one__progress', {}, { progressToken: 'tok-7' })

  const progress = client.messages.filter(({ method }) => method === 'notifications/progress')
  expect(reply.result?.['content']).toEqual([{ type: 'text', text: 'done' }])
  expect(progress.map(({ params }) => params)).toEqual(
    [1, 2, 3].map((n) => ({ progressToken: 'tok-7', progress: n, total: 3 })),
  )
})

test('a cancelled call is called back at the server under its id there, and never answered', async () => {
  client.send({ id: 'c1', method: 'tools/call', params: { name: 'one__hold' } })
  await eventually(() => recorded().filter(({ held }) => held).length >= 2, 'the call arrived')
  const heldId = recorded().findLast(({ held }) => held).held

  client.send({ method: 'notifications/cancelled', params: { requestId: 'c1', reason: 'changed my mind' } })

  await eventually(
    () => recorded().some(({ notified }) => notified?.method === 'notifications/cancelled'),
    'called back',
  )
  expect(
    recorded().find(({ notified }) => notified?.method === 'notifications/cancelled').notified.params,
  ).toEqual({
    requestId: heldId,
    reason: 'changed my mind',
  })
  await client.call('one__release')
  await client.call('one__echo', { message: 'after' })
  expect(client.messages.some(({ id }) => id === 'c1')).toBe(false)
})

describe('requests of a server', () => {
  test('ping is answered here', async () => {
    expect(await client.callText('one__ping')).toBe('{}')
  })

  test('others go to the client, and its answer goes back', async () => {
    const call = client.callText('one__ask', { method: 'sampling/createMessage' })
    const question = await client.waitFor(({ method }) => method === 'sampling/createMessage', 'the question')
    client.send({ id: question.id, result: { role: 'assistant', big: 1 } })

    expect(question.params).toEqual({ prompt: 'p' })
    expect(JSON.parse(await call)).toMatchObject({ result: { role: 'assistant', big: 1 } })
  })

  test('of more than 64 at once the rest is refused, so that a flood reaches no client', async () => {
    using flooded = new TempHome(configOf([{ id: 'one' }]))
    await using patient = await RawClient.start(flooded, { sampling: {} })

    expect(await patient.callText('one__flood', { count: 500, open: 64 })).toBe('436 refused')
  })

  test('an error of the client goes back as an error', async () => {
    const call = client.callText('two-b__ask', { method: 'roots/list' })
    const question = await client.waitFor(({ method }) => method === 'roots/list', 'the question')
    client.send({ id: question.id, error: { code: -1, message: 'no' } })

    expect(JSON.parse(await call)).toMatchObject({ error: { code: -1, message: 'no' } })
  })
})

test('a changed list is announced and then listed', async () => {
  await client.request('tools/list')
  await client.call('one__grow', { name: 'sprout' })
  await client.notification('notifications/tools/list_changed')

  expect(namesOf(await client.request('tools/list'))).toContain('one__sprout')
  expect(await client.callText('one__sprout')).toBe('grown')
})

test('a tool that a server has just come to have can be called before its list is fetched', async () => {
  await client.request('tools/list')

  for (const name of ['shoot', 'leaf', 'bloom']) {
    await client.call('one__grow', { name })
    expect(await client.callText(`one__${name}`)).toBe('grown')
  }
})

test('a server that dies in a call fails that call only, and the next call starts it again', async () => {
  const [dying, other] = await Promise.all([
    client.call('two-b__exit'),
    client.callText('one__echo', { message: 'alive' }),
  ])

  expect(dying.result?.['isError']).toBe(true)
  expect(JSON.stringify(dying.result)).toContain('ended during the call (exit code 3)')
  expect(other).toBe('alive')
  expect(await client.callText('two-b__echo', { message: 'again' })).toBe('again')
})

test('a 5 MB result comes whole through a pipe of the shell whose reader is slow', () => {
  const script = '"$0" tools call one__big \'{"bytes": 5000000}\' | (sleep 0.5; wc -c)'
  const { stdout } = Bun.spawnSync(['/bin/sh', '-c', script, BINARY], { env: home.env })

  expect(Number(stdout.toString())).toBeGreaterThan(5_000_000)
})

test('a reply over 64 MiB fails its call, and the connection stays', async () => {
  const { result } = await client.call('two-b__big', { bytes: 70_000_000 })

  expect(result?.['isError']).toBe(true)
  expect(JSON.stringify(result)).toContain('more than 64 MiB')
  expect(await client.callText('two-b__echo', { message: 'still' })).toBe('still')
})

test('a 5 MB result comes through the pipe whole', async () => {
  expect(await client.callText('one__big', { bytes: 5_000_000 })).toBe('x'.repeat(5_000_000))
})

test('what nobody sees is taken out of a list, and its tool is called all the same', async () => {
  using odd = new TempHome(configOf([{ id: 'odd', script: 'odd', args: ['unseen'] }]))
  await using reader = await RawClient.start(odd)

  const { result } = await reader.request('tools/list')
  const [tool] = (result?.['tools'] ?? []) as { name: string; description: string }[]

  expect(tool?.description).toBe('plain words')
  expect(tool?.name).toMatch(/^odd__/)
  expect(await reader.callText(tool?.name ?? '')).toBe('called')
})
