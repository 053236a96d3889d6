import { expect, test } from 'bun:test'
import type { ServerLink } from '../../../../src/gateway/downstream/link.ts'
import { PoolEntry, type Wanted } from '../../../../src/gateway/downstream/pool-entry.ts'

test('a server that is replaced as it starts still serves the call that it was started for', async () => {
  const events: string[] = []
  const calls = Promise.withResolvers<void>()
  const connection = {
    ended: new Promise(() => undefined),
    whenQuiet: async () => (events.includes('called') ? calls.promise : undefined),
    stop: async () => void events.push('stopped'),
  }
  const started = Promise.withResolvers<ServerLink>()
  const wanted = { server: { idleTimeoutSec: 0 } } as Wanted
  const entry = new PoolEntry(wanted, { ended: () => undefined, idle: () => undefined }, () => started.promise)
  // between the two stand the functions that pass the link on
  const passedOn = async (link: Promise<ServerLink>, times: number): Promise<ServerLink> =>
    times === 0 ? await link : await passedOn(link, times - 1)
  const call = passedOn(entry.started, 10).then(() => events.push('called'))

  const drained = entry.drain()
  started.resolve({ connection } as unknown as ServerLink)
  await call
  calls.resolve()
  await drained

  expect(events).toEqual(['called', 'stopped'])
})
