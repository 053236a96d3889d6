import { describe, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { configOf } from '../helpers/fixtures.ts'
import { twoServers } from '../helpers/floods.ts'
import { namesOf, RawClient, textOf } from '../helpers/mcp-client.ts'
import { TempHome } from '../helpers/temp-home.ts'

const ASK = { method: 'sampling/createMessage' }

describe('a message that is not as it should be', () => {
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
    await client.waitFor(({ id, error }) => id === 'twice' && error !== undefined, 'a refusal')

    expect(await client.callText('one__echo', { message: 'still here' })).toBe('still here')
  })
})

test.each(['{"cursor":null}', '{"cursor":""}', 'null'])(
  'a list is given from its start with params %s',
  async (params) => {
    using home = twoServers()
    await using client = await RawClient.start(home)

    client.sendRaw(`{"jsonrpc":"2.0","id":"list","method":"tools/list","params":${params}}\n`)

    expect(namesOf(await client.reply('list'))).toContain('one__echo')
  },
)

test('a reply that cannot be read fails its call at once', async () => {
  using home = twoServers()
  await using client = await RawClient.start(home)
  const odd = [
    '"result":{},"result":{}',
    '"result":{},"error":{}',
    `"result":${'['.repeat(2000)}${']'.repeat(2000)}`,
  ]

  for (const outcome of odd) {
    const line = `{"jsonrpc":"2.0","id":$ID,${outcome}}\n`
    expect(await client.callText('one__raw', { line })).toContain('cannot be read')
  }
})

test.each([
  ['legacy', 'an error for the server that waits for it'],
  ['modern', 'the end of the call that waits for it'],
])('an answer of the client that cannot be read is, of a %s server, %s', async (era) => {
  using home = new TempHome()
  const args = [join(home.folder, 'asking'), era]
  home.writeConfig(configOf([{ id: 'one' }, { id: 'modern', script: 'curious', args }]))
  await using client = await RawClient.start(home, { sampling: {} })
  const name = era === 'modern' ? 'modern__ask' : 'one__ask'
  client.send({ id: 'asks', method: 'tools/call', params: { name, arguments: ASK } })
  const { id } = await client.waitFor(({ method }) => method === ASK.method, 'the question')

  client.sendRaw(`{"jsonrpc":"2.0","id":${id},"result":{},"error":{"code":1,"message":""}}\n`)

  const said = textOf(await client.reply('asks'))
  expect(said.match(/mcplexer: the answer of the client cannot be read/g)).toHaveLength(1)
  expect(said).not.toContain('mcplexer: mcplexer:')
})

describe('what a server says of itself', () => {
  test('with a name twice once unseen characters are gone is left out, and all else stays', async () => {
    using home = new TempHome(configOf([{ id: 'odd', script: 'odd', args: ['two-names'] }, { id: 'one' }]))
    await using client = await RawClient.start(home)

    const names = namesOf(await client.request('tools/list'))

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
