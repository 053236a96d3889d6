import { expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AuditLog, headOf, verify } from '../../../src/audit/index.ts'
import { systemClock } from '../../../src/base/index.ts'
import { openActivity } from '../../../src/store/index.ts'

test('one reading of the record is enough for any number of checkpoints', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mcplexer-verify-'))
  const activity = await openActivity(join(folder, 'activity.db'), {
    clock: systemClock,
    onWait: () => undefined,
    limitMs: 5000,
  })
  const log = new AuditLog(activity, { allowsFailure: false })
  const checkpoints = []
  for (let seq = 1; seq <= 3; seq++) {
    await log.recordNow({ kind: 'call', action: 'tools/call', decision: 'allowed' })
    const { hash = new Uint8Array() } = (await headOf(activity)) ?? {}
    checkpoints.push({ seq, hash: Buffer.from(hash).toString('hex'), at: '', publicKey: '' })
  }
  const foreign = { seq: 2, hash: '00', at: '', publicKey: '' }
  let queries = 0
  const counted = activity.withPlugin({
    transformQuery: ({ node }) => {
      queries++
      return node
    },
    transformResult: async ({ result }) => result,
  })

  await verify(counted)
  const forNone = queries
  const { standing } = await verify(counted, [...checkpoints, foreign])

  expect([...standing]).toEqual(checkpoints)
  expect(queries).toBe(2 * forNone)
  await activity.destroy()
  rmSync(folder, { recursive: true, force: true })
})
