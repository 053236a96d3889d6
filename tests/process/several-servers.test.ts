import { describe, expect, test } from 'bun:test'
import { legacyServers } from '../helpers/legacy-servers.ts'
import { RawClient } from '../helpers/mcp-client.ts'
import { ModernClient } from '../helpers/modern-client.ts'

describe('resources of several servers', () => {
  test('are told apart when they share a template', async () => {
    using setting = legacyServers()
    await using client = await RawClient.start(setting.home)

    const { result } = await client.request('resources/templates/list')
    const templates = ((result?.['resourceTemplates'] ?? []) as { uriTemplate: string }[]).map(
      ({ uriTemplate }) => uriTemplate,
    )
    expect(templates).toEqual(['mcplexer:one:test://items/{item}', 'mcplexer:two:test://items/{item}'])

    for (const [index, name] of ['one', 'two'].entries()) {
      const uri = `mcplexer:${name}:test://items/1`
      const read = await client.request('resources/read', { uri })
      expect(read.result?.['contents']).toEqual([{ uri: 'test://items/1', text: `of ${name}` }])
      const ref = { type: 'ref/resource', uri: templates[index] }
      const argument = { name: 'item', value: '' }
      const completed = await client.request('completion/complete', { ref, argument })
      expect(JSON.stringify(completed.result)).toContain(`${name} {`)
    }
    expect((await client.request('resources/read', { uri: 'test://items/1' })).error?.code).toBe(-32002)
  })

  test('that stand in no list are found by who has mentioned them, for clients of both eras', async () => {
    using setting = legacyServers()
    await using legacy = await RawClient.start(setting.home)
    await using modern = new ModernClient(setting.home)
    const read = { uri: 'test://unlisted/two' }

    await Promise.all([legacy.call('two__mention'), modern.call('two__mention')])
    const replies = await Promise.all([
      legacy.request('resources/read', read),
      modern.ask('resources/read', read),
    ])

    for (const { result } of replies) expect(JSON.stringify(result)).toContain('of two')
  })

  test('are told apart when they share a URI, and nobody gets the bare one', async () => {
    using setting = legacyServers()
    await using client = await RawClient.start(setting.home)

    const { result } = await client.request('resources/list')
    const uris = ((result?.['resources'] ?? []) as { uri: string }[]).map(({ uri }) => uri)
    expect(uris).toEqual(['mcplexer:one:test://both', 'test://one', 'mcplexer:two:test://both', 'test://two'])

    const read = async (uri: string) => {
      const { result: found, error } = await client.request('resources/read', { uri })
      return (found?.['contents'] as { text: string }[] | undefined)?.[0]?.text ?? error?.code
    }
    expect(await Promise.all(uris.map(read))).toEqual(['of one', 'of one', 'of two', 'of two'])
    expect(await read('test://both')).toBe(-32002)
    expect(await read('test://nobody')).toBe(-32002)
  })
})

test('a task is asked after at the server that began it, and all are listed together', async () => {
  using setting = legacyServers()
  await using client = await RawClient.start(setting.home)
  await Promise.all([client.call('one__later'), client.call('two__later')])

  const found = await Promise.all(
    ['one', 'two'].map((name) => client.request('tasks/get', { taskId: `${name}-task` })),
  )

  expect(found.map(({ result }) => result?.['by'])).toEqual(['one', 'two'])
  const { result } = await client.request('tasks/list')
  const listed = result?.['tasks'] as { taskId: string }[]
  expect(listed.map(({ taskId }) => taskId)).toEqual(['one-task', 'one-older', 'two-task', 'two-older'])
  expect((await client.request('tasks/get', { taskId: 'nobodys' })).error?.code).toBe(-32602)
})

describe('a task is of the server that gave its id first', () => {
  test.each([
    ['another gives it too', false],
    ['another pushes it in a notification', true],
  ])('though %s', async (_what, isPushed) => {
    using setting = legacyServers()
    await using client = await RawClient.start(setting.home)
    await client.call('one__claim', { taskId: 'same' })

    await client.call('two__claim', { taskId: 'same', isPushed })

    const { result } = await client.request('tasks/get', { taskId: 'same' })
    expect(result?.['by']).toBe('one')
    const pushed = client.messages.filter(({ method }) => method === 'notifications/tasks/status')
    expect(pushed).toHaveLength(isPushed ? 1 : 0)
  })

  test('in a result: what another has pushed before gives it nothing', async () => {
    using setting = legacyServers()
    await using client = await RawClient.start(setting.home)
    await client.call('two__claim', { taskId: 'same', isPushed: true })

    await client.call('one__claim', { taskId: 'same' })

    const { result } = await client.request('tasks/get', { taskId: 'same' })
    expect(result?.['by']).toBe('one')
  })
})
