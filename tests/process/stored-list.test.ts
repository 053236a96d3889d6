import { Database } from 'bun:sqlite'
import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { entriesOf } from '../helpers/audit-home.ts'
import { configOf } from '../helpers/fixtures.ts'
import { namesOf, RawClient } from '../helpers/mcp-client.ts'
import { ModernClient } from '../helpers/modern-client.ts'
import { eventually } from '../helpers/processes.ts'
import { TempHome } from '../helpers/temp-home.ts'

const startsOf = (home: TempHome) => entriesOf(home, '--kind', 'start').map(({ server }) => server)

describe('the stored list', () => {
  test('is given at the next start without starting a server', async () => {
    using home = new TempHome(configOf([{ id: 'one' }, { id: 'two' }]))
    {
      await using first = await RawClient.start(home)
      await first.request('tools/list')
    }
    const before = startsOf(home)
    {
      await using client = await RawClient.start(home)
      expect(namesOf(await client.request('tools/list'))).toContain('one__echo')
      // what the list had started would have begun before this one
      await client.callText('two__echo')
    }

    expect(startsOf(home)).toEqual([...before, 'two'])
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

test('a list is called fresh for as long as its server has said, and no longer', async () => {
  using home = new TempHome()
  const args = [join(home.folder, 'record'), 'modern', 'quiet']
  home.writeConfig(configOf([{ id: 'one', script: 'watched', args }]))
  const freshMs = async (client: ModernClient) => Number((await client.ask('tools/list')).result?.['ttlMs'])
  {
    await using client = new ModernClient(home)

    const first = await freshMs(client)
    expect(first).toBeWithin(1, 60_001)
    await eventually(async () => (await freshMs(client)) < first, 'time goes by')
    expect(client.raw.messages.some(({ method }) => method?.includes('list_changed'))).toBe(false)
  }

  await using next = new ModernClient(home)
  expect(await freshMs(next)).toBe(0)
})

test('a list in which a server is missing yet is not called fresh', async () => {
  const mute = [{ id: 'one', script: 'odd', args: ['mute'] }] as const
  using home = new TempHome(configOf(mute, [], { first_list_wait_sec: 1 }))
  await using client = new ModernClient(home)

  expect((await client.ask('tools/list')).result).toMatchObject({ tools: [], ttlMs: 0 })
})
