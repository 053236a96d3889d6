import { afterEach, beforeEach, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { lockWhenIdle } from '../../../src/app/idle-lock.ts'
import { type ActivityDatabase, AuditLog, listed } from '../../../src/audit/index.ts'
import { resolvePaths, systemClock } from '../../../src/base/index.ts'
import { openActivity } from '../../../src/store/index.ts'
import { openVault, type Vault } from '../../../src/vault/index.ts'
import { eventually } from '../../helpers/processes.ts'

const LOOK_EVERY_MS = 20
const A_MOMENT_MINUTES = 0.001

let folder: string
let activity: ActivityDatabase

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mcplexer-idle-lock-'))
  const waiting = { clock: systemClock, onWait: () => undefined, limitMs: 1000 }
  activity = await openActivity(join(folder, 'activity.db'), waiting)
})

afterEach(async () => {
  await activity.destroy()
  rmSync(folder, { recursive: true, force: true })
})

const locksOnRecord = () => Array.fromAsync(listed(activity, { kind: 'lock' }))

test('everything is locked when nothing was done for the idle time, and not before', async () => {
  await addEntryOfTheFuture()
  const vault = openVault({ paths: resolvePaths(undefined, { HOME: folder, MCPLEXER_HOME: folder }) })
  let looks = 0
  let minutes = 1
  const stop = lockWhenIdle(
    activity,
    async () => {
      looks++
      return vault
    },
    () => minutes,
    LOOK_EVERY_MS,
  )
  // no look begins before the last one has ended
  await eventually(() => looks >= 3, 'it has looked twice')
  expect((await vault.locks()).isLocked).toBe(false)

  minutes = A_MOMENT_MINUTES
  await eventually(async () => (await vault.locks()).isLocked, 'it is locked')
  await eventually(async () => (await locksOnRecord()).length > 0, 'it is on record')
  stop()

  expect(await locksOnRecord()).toMatchObject([{ action: 'lock when idle', decision: 'allowed' }])
  await vault.close()
})

test('a lock for idleness that fails is nothing that was done, which would put off the next try', async () => {
  let tries = 0
  const vault = {
    locks: async () => ({ isLocked: tries > 1, revoked: new Set() }),
    lock: async () => {
      if (++tries === 1) throw new Error('the disk is full')
      return true
    },
  } as unknown as Vault

  const stop = lockWhenIdle(
    activity,
    async () => vault,
    () => A_MOMENT_MINUTES,
    LOOK_EVERY_MS,
  )
  await eventually(
    async () => (await locksOnRecord()).some(({ decision }) => decision === 'allowed'),
    'the lock is on record',
  )
  stop()

  expect((await locksOnRecord()).map(({ decision }) => decision)).toEqual(['allowed'])
})

/** As one that was made before the clock was put back. */
async function addEntryOfTheFuture(): Promise<void> {
  const log = new AuditLog(activity, { allowsFailure: false })
  log.record({ kind: 'start', action: 'start', decision: 'allowed' })
  await log.flush()
  await activity.updateTable('audit_entries').set({ body: '{"atMs":9000000000000}' }).execute()
}
