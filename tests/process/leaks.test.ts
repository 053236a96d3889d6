import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { filesHolding } from '../helpers/canary.ts'
import { configOf } from '../helpers/fixtures.ts'
import { introduction, RawClient } from '../helpers/mcp-client.ts'
import { TempHome } from '../helpers/temp-home.ts'

const TOKEN = `ghp_"q\\ü${crypto.randomUUID()}/+&`
const SCOPES = [
  { id: 'gh', keys: [{ name: 'TOKEN' }, { name: 'REGION', public: true }] },
  { id: 'other', keys: [{ name: 'TOKEN' }] },
]

function leakyHome(): TempHome {
  const home = new TempHome(
    configOf(
      [
        { id: 'leaky', script: 'leaky', more: { auth_scope: 'gh' } },
        { id: 'other', more: { auth_scope: 'other' } },
      ],
      SCOPES,
    ),
  )
  home.put('gh', 'TOKEN', TOKEN)
  home.put('gh', 'REGION', 'eu-central-region-1')
  home.put('other', 'TOKEN', 'another-token-9876')
  return home
}

const spellings = [
  TOKEN,
  Buffer.from(TOKEN).toString('base64'),
  Buffer.from(TOKEN).toString('hex'),
  encodeURIComponent(TOKEN),
  encodeURIComponent(encodeURIComponent(TOKEN)).slice(3, -6),
  Buffer.from(TOKEN, 'utf16le').toString('base64').slice(4, -4),
  [...Buffer.from(TOKEN)].join(',').slice(0, 40),
  Buffer.from(TOKEN).toString('hex').replace(/../g, '$& ').slice(0, 40),
  TOKEN.slice(-30, -3),
]
const expectClean = (text: string) => {
  for (const spelling of spellings) expect(text.includes(spelling)).toBe(false)
  for (const spelling of spellings) expect(text.includes(JSON.stringify(spelling).slice(1, -1))).toBe(false)
}

describe('D16: a server that says its token in every way', () => {
  test.each(['result', 'structured', 'escaped', 'error', 'log', 'progress'])(
    'in %s: it is taken out, and all else stays',
    async (tool) => {
      using home = leakyHome()
      await using client = await RawClient.start(home)

      const { result, error } = await client.call(`leaky__${tool}`, {}, { progressToken: 7 })

      expectClean(client.lines.join('\n'))
      const whole = [...client.lines].join('\n')
      expect(whole.split('[redacted gh/TOKEN]').length).toBeGreaterThan(7)
      if (tool === 'structured') expect(result?.['content']).toEqual([{ type: 'text', text: 'kept' }])
      if (tool === 'error') expect(error?.code).toBe(-32001)
      expectClean(client.stderr)
      expect(client.stderr).toContain('leaky | starting with [redacted gh/TOKEN]')
    },
  )

  test('nor does the record have it when a client is called by it', async () => {
    using home = leakyHome()
    await using client = RawClient.raw(home)
    const clientInfo = { name: `app ${TOKEN}`, version: '1' }
    await client.request('initialize', introduction({ clientInfo }))
    await client.request('tools/list')
    await client.call('leaky__result', {})
    await client.close()

    expect(home.runSync(['audit', 'list', '--json']).stdout).toContain('app [redacted gh/TOKEN]')
    expect(filesHolding(home.path, TOKEN)).toEqual([])
  })

  test('in a resource, a prompt, lists and instructions', async () => {
    using home = leakyHome()
    await using client = await RawClient.start(home)
    await client.request('tools/list')

    const replies = [
      await client.request('resources/read', { uri: 'x:y' }),
      await client.request('prompts/get', { name: 'leaky__p' }),
      await client.request('resources/list'),
      await client.request('prompts/list'),
    ]

    for (const reply of replies) expect(JSON.stringify(reply.result)).toContain('[redacted gh/TOKEN]')
    // what the first has seen is stored when it ends, at the latest
    await client.close()
    await using second = await RawClient.start(home)
    expect(String((await second.reply(1)).result?.['instructions'])).toContain('use [redacted gh/TOKEN]')
    expectClean([...client.lines, ...second.lines].join('\n'))
    expect(filesHolding(home.path, TOKEN)).toEqual([])
  })

  test('in a question to the client, where the server hears nothing of it either', async () => {
    using home = leakyHome()
    await using client = await RawClient.start(home, { elicitation: {} })

    const call = client.call('leaky__ask')
    const question = await client.waitFor(({ method }) => method === 'elicitation/create', 'the question')
    client.send({ id: question.id ?? null, result: { action: 'accept', content: { a: 'another' } } })
    await call

    expect(JSON.stringify(question)).toContain('[redacted gh/TOKEN]')
    expectClean(client.lines.join('\n'))
  })

  test.each(['member', 'blob'])('in %s: the answer is held back, and the session goes on', async (tool) => {
    using home = leakyHome()
    await using client = await RawClient.start(home)

    const { result } = await client.call(`leaky__${tool}`)

    expect(result?.['isError']).toBe(true)
    expect(JSON.stringify(result)).toContain('cannot be taken out')
    expectClean(client.lines.join('\n'))
    expect(await client.callText('leaky__plain')).toContain('nothing')
  })
})

describe('a value of one scope', () => {
  test('is not sent to a server that does not hold it, and the key is named', async () => {
    using home = leakyHome()
    await using client = await RawClient.start(home)
    await client.callText('leaky__plain')

    const refused = await client.call('other__echo', { message: `use ${TOKEN} please` })

    expect(JSON.stringify(refused.result)).toContain('the value of gh/TOKEN')
    expect(refused.result?.['isError']).toBe(true)
    expect(await client.callText('other__echo', { message: 'fine' })).toBe('fine')
    expect(await client.callText('leaky__echo', { message: TOKEN })).toContain('[redacted gh/TOKEN]')
  })

  /** A client of the older kind in front of a server without a scope, which takes down what it hears. */
  async function withCurious(
    era: 'legacy' | 'modern',
    work: (client: RawClient, heard: () => string) => Promise<void>,
  ): Promise<void> {
    using home = leakyHome()
    const file = join(home.folder, 'heard')
    const config = JSON.parse(home.read('mcplexer.yaml'))
    const curious = configOf([{ id: 'curious', script: 'curious', args: [file, era] }])
    config.downstream_servers.push(...JSON.parse(curious).downstream_servers)
    home.writeConfig(JSON.stringify(config))
    await using client = await RawClient.start(home, { sampling: {} })
    await client.callText('leaky__plain')
    await client.request('tools/list')
    await work(client, () => readFileSync(file, 'utf8'))
  }

  test('is not sent in the answer to what a modern server wants to know', async () => {
    await withCurious('modern', async (client, heard) => {
      const call = client.callText('curious__ask')
      const question = await client.waitFor(({ method }) => method === 'sampling/createMessage', 'the question')
      const content = { type: 'text', text: `it is ${TOKEN}` }
      client.send({ id: question.id ?? null, result: { role: 'assistant', model: 'm', content } })

      expect(await call).toContain('the value of gh/TOKEN')
      expect(heard()).toContain('tools/call')
      expectClean(heard())
    })
  })

  test('is not sent in what a client says of its progress with a question', async () => {
    await withCurious('legacy', async (client, heard) => {
      const call = client.callText('curious__ask')
      const { id = null, params } = await client.waitFor(
        ({ method }) => method === 'sampling/createMessage',
        'the question',
      )
      const { progressToken } = (params?.['_meta'] ?? {}) as { progressToken?: number }
      for (const message of [`using ${TOKEN}`, 'half'])
        client.send({ method: 'notifications/progress', params: { progressToken, progress: 1, message } })
      client.send({ id, result: { role: 'assistant', model: 'm', content: { type: 'text', text: 'well' } } })

      expect(await call).toBe('thanks')
      expect(heard()).toContain('half')
      expectClean(heard())
    })
  })

  test('is not sent in a subscription or a notification', async () => {
    await withCurious('legacy', async (client, heard) => {
      const refused = await client.request('resources/subscribe', { uri: `any:${encodeURIComponent(TOKEN)}` })
      client.send({ method: 'notifications/roots/list_changed', params: { _meta: { said: TOKEN } } })
      client.send({ method: 'notifications/roots/list_changed', params: { _meta: { said: 'hello' } } })
      expect((await client.request('resources/subscribe', { uri: 'any:thing' })).result).toEqual({})

      expect(refused.error?.message).toContain('the value of gh/TOKEN')
      expect(heard()).toContain('hello')
      expectClean(heard())
    })
  })

  test('that is marked public passes', async () => {
    using home = leakyHome()
    await using client = await RawClient.start(home)

    expect(await client.callText('leaky__plain')).toBe('nothing; eu-central-region-1')
    expect(await client.callText('other__echo', { message: 'eu-central-region-1' })).toBe('eu-central-region-1')
  })
})

test('put says when a value cannot be told from text', () => {
  using home = leakyHome()

  expect(home.runSync(['secret', 'put', 'gh', 'TOKEN'], { stdin: 'short' }).stderr).toContain('short or plain')
  expect(home.runSync(['secret', 'put', 'gh', 'REGION'], { stdin: 'short' }).stderr).not.toContain(
    'short or plain',
  )
  expect(home.runSync(['secret', 'put', 'gh', 'TOKEN'], { stdin: TOKEN }).stderr).not.toContain(
    'short or plain',
  )
})
