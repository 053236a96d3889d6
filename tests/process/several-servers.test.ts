import { describe, expect, test } from 'bun:test'
import { legacyServers } from '../helpers/legacy-servers.ts'
import { RawClient } from '../helpers/mcp-client.ts'

describe('resources of several servers', () => {
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
  expect(result?.['tasks']).toHaveLength(2)
  expect((await client.request('tasks/get', { taskId: 'nobodys' })).error?.code).toBe(-32602)
})
