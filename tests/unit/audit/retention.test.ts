import { Database } from 'bun:sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { linkedHash } from '../../../src/audit/chain.ts'
import { encodeEntry } from '../../../src/audit/entry.ts'
import { type ActivityDatabase, AuditLog, listed, pruneRegularly, verify } from '../../../src/audit/index.ts'
import { prune } from '../../../src/audit/retention.ts'
import { systemClock } from '../../../src/base/index.ts'
import { appendAudit, openActivity } from '../../../src/store/index.ts'
import { eventually } from '../../helpers/processes.ts'

const WAITING = { clock: systemClock, onWait: () => undefined, limitMs: 5000 }
const DAY_MS = 86_400_000
const FOR_EVER = { keepDays: 0, keepEntries: 0, keepMb: 0 }

let folder: string
let activity: ActivityDatabase
const path = () => join(folder, 'activity.db')

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mcplexer-retention-'))
  activity = await openActivity(path(), WAITING)
})

afterEach(async () => {
  await activity.destroy()
  rmSync(folder, { recursive: true, force: true })
})

async function add(count: number, name = 'one__echo'): Promise<void> {
  const log = new AuditLog(activity, { allowsFailure: false })
  for (let n = 0; n < count; n++) log.record({ kind: 'call', action: 'tools/call', decision: 'allowed', name })
  await log.flush()
}

/** One entry for each, in this order. */
async function addOfDays(...days: number[]): Promise<void> {
  const bodies = days.map((day) =>
    encodeEntry({ kind: 'call', action: 'tools/call', decision: 'allowed' }, day * DAY_MS),
  )
  await appendAudit(activity, bodies, linkedHash)
}

async function seqs(): Promise<number[]> {
  const entries = await Array.fromAsync(listed(activity))
  return entries.map(({ seq }) => seq)
}

test('keeps as many entries as it should, the one that says so among them, and is then content', async () => {
  await add(10)

  expect(await prune(activity, { ...FOR_EVER, keepEntries: 4 }, Date.now())).toBe(7)
  expect(await seqs()).toEqual([8, 9, 10, 11])
  expect(await prune(activity, { ...FOR_EVER, keepEntries: 4 }, Date.now())).toBeNull()
  expect(await verify(activity)).toMatchObject({ brokenAt: null, isCutOff: false, firstSeq: 8 })
})

test('names the newest start when it has let go several times, and of more than goes at once', async () => {
  for (let n = 0; n < 3; n++) await add(3500)

  expect(await prune(activity, { ...FOR_EVER, keepEntries: 10 }, 1000)).toBe(10_491)
  await add(5)
  expect(await prune(activity, { ...FOR_EVER, keepDays: 1 }, Date.now() + 2 * DAY_MS)).toBe(10_507)

  expect(await seqs()).toEqual([10_508])
  expect(await verify(activity)).toMatchObject({ brokenAt: null, isCutOff: false, firstSeq: 10_508 })
})

test('a gateway that runs for long lets go again and again, by what is configured then', async () => {
  let keepEntries = 0
  const stop = pruneRegularly(activity, () => ({ ...FOR_EVER, keepEntries }), 1)
  await add(20)
  keepEntries = 4
  await eventually(async () => (await seqs()).length === 4, 'all but four are gone')
  await add(20)

  await eventually(async () => (await seqs()).length === 4, 'all but four are gone again')
  stop()
})

describe('on day 100, with ten days to keep', () => {
  test.each([
    ['goes with an old one behind it, and holds up nothing', [80, 300, 85, 300, 95], 3],
    ['stays while what is behind it is young', [80, 300, 95], 1],
    ['stays when nothing is behind it', [80, 300], 1],
    ['goes though there are more of them than go at once', [...Array(12_000).fill(300), 80, 95], 12_001],
  ])('an entry of a clock that was ahead %s', async (_what, days, gone) => {
    await addOfDays(...days)

    expect(await prune(activity, { ...FOR_EVER, keepDays: 10 }, 100 * DAY_MS)).toBe(gone)

    expect((await seqs())[0]).toBe(gone + 1)
    expect(await verify(activity)).toMatchObject({ brokenAt: null, isCutOff: false })
  })

  test('nothing goes that is young by a date that may be right', async () => {
    await addOfDays(95, 80, 300, 80)

    expect(await prune(activity, { ...FOR_EVER, keepDays: 10 }, 100 * DAY_MS)).toBeNull()
  })
})

test('keeps as many megabytes as it should, with room for some more', async () => {
  for (let n = 0; n < 4; n++) await add(2000, `${n}-${'x'.repeat(170)}`)

  await prune(activity, { ...FOR_EVER, keepMb: 1 }, Date.now())

  const kept = await Array.fromAsync(listed(activity))
  const bytes = kept.reduce((sum, { seq: _, ...body }) => sum + JSON.stringify(body).length, 0)
  expect(bytes).toBeGreaterThan(980_000)
  expect(bytes).toBeLessThan(1_000_000)
  expect(await verify(activity)).toMatchObject({ brokenAt: null, isCutOff: false })
  expect(await prune(activity, { ...FOR_EVER, keepMb: 1 }, Date.now())).toBeNull()
  expect(await prune(activity, { ...FOR_EVER, keepMb: 2 }, Date.now())).toBeNull()
})

test.each([
  [
    'an edit that makes an entry old',
    `update audit_entries set body = replace(body, '"atMs":', '"atMs":-') where seq <= 5`,
  ],
  ['a gap in front', 'delete from audit_entries where seq <= 5'],
  [
    'a start moved on',
    `insert into audit_start select 1, seq, hash from audit_entries where seq = 5;
     delete from audit_entries where seq <= 5`,
  ],
])('does not wash away %s', async (_what, sql) => {
  await add(20)
  const other = new Database(path())
  other.run(sql)
  other.close()
  const before = await seqs()

  expect(await prune(activity, { ...FOR_EVER, keepEntries: 10 }, Date.now())).toBeNull()
  expect(await prune(activity, { ...FOR_EVER, keepDays: 1 }, Date.now() + DAY_MS)).toBeNull()

  expect(await seqs()).toEqual(before)
  const { brokenAt, isCutOff } = await verify(activity)
  expect(brokenAt !== null || isCutOff).toBe(true)
})

test('by several processes at once never moves the start back', async () => {
  await add(50)
  const other = await openActivity(path(), WAITING)

  await Promise.all([
    prune(activity, { ...FOR_EVER, keepEntries: 10 }, Date.now()),
    prune(other, { ...FOR_EVER, keepEntries: 40 }, Date.now()),
    prune(other, { ...FOR_EVER, keepEntries: 5 }, Date.now()),
  ])
  await other.destroy()

  expect(await verify(activity)).toMatchObject({ brokenAt: null, isCutOff: false })
})

test('overwrites what goes, and uses its room again', async () => {
  await add(2000, `canary-${'x'.repeat(180)}`)
  await prune(activity, { ...FOR_EVER, keepEntries: 1 }, Date.now())
  await activity.destroy()
  const before = readFileSync(path())
  activity = await openActivity(path(), WAITING)
  await add(1500, `other-${'y'.repeat(180)}`)
  await activity.destroy()
  const after = readFileSync(path())
  activity = await openActivity(path(), WAITING)

  expect(before.includes('canary-')).toBe(false)
  expect(after.length).toBe(before.length)
})
