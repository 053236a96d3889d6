import { expect, test } from 'bun:test'
import type { Server } from '../../../../src/config/index.ts'
import { Pool } from '../../../../src/gateway/downstream/pool.ts'
import type { Wanted } from '../../../../src/gateway/downstream/pool-entry.ts'
import { Slots } from '../../../../src/gateway/downstream/slots.ts'
import type { StarterDeps } from '../../../../src/gateway/downstream/starter.ts'

test('a pool that has closed starts no server, which nobody would stop', async () => {
  let starts = 0
  const watchdog = {
    ready: async () => {
      starts++
      throw new Error('started')
    },
  }
  const pool = new Pool({ watchdog } as unknown as StarterDeps, new Slots())
  const server = { id: 'one', idleTimeoutSec: 0, restartPolicy: 'on-failure' } as Server
  const wanted = { server, client: { era: 'legacy' }, knownEra: null } as unknown as Wanted
  await pool.close()

  const acquired = pool.acquire(wanted)

  expect(await acquired.catch(({ code }) => code)).toBe('SERVER_ENDED')
  expect(starts).toBe(0)
})
