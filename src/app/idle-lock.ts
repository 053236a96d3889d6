import { AuditLog, headOf } from '../audit/index.ts'
import { log } from '../base/index.ts'
import type { ActivityDatabase } from '../store/index.ts'
import type { Vault } from '../vault/index.ts'

const LOOK_EVERY_MS = 5000

/**
 * Locks everything, on record, when no gateway of this home has done anything for `idleMinutes`; 0: never. Gives what
 * ends it.
 */
export function lockWhenIdle(
  activity: ActivityDatabase,
  vault: () => Promise<Vault>,
  idleMinutes: () => number,
  lookEveryMs = LOOK_EVERY_MS,
): () => void {
  const audit = new AuditLog(activity, { allowsFailure: true })
  let seen = { seq: -1, atMs: Date.now(), runMs: performance.now() }
  const look = async (): Promise<void> => {
    const limitMs = idleMinutes() * 60_000
    if (limitMs === 0) return
    const seq = (await headOf(activity))?.seq ?? 0
    if (seq !== seen.seq) seen = { seq, atMs: Date.now(), runMs: performance.now() }
    // the one stands still while the machine sleeps, the other may be put back
    const idleMs = Math.max(Date.now() - seen.atMs, performance.now() - seen.runMs)
    const opened = await vault()
    if (idleMs < limitMs || (await opened.locks()).isLocked) return
    log.info(`nothing was done for ${idleMinutes()} min`)
    await opened.lock(null)
    // only now: the entry of a failure would be something that was done, and put off the next try
    audit.record({ kind: 'lock', action: 'lock when idle', decision: 'allowed' })
    await audit.flush()
  }
  let isLooking = false
  const timer = setInterval(async () => {
    // a rotation may hold the vault for longer than it takes to the next look
    if (isLooking) return
    isLooking = true
    await look().catch(() => log.debug('the idle time could not be looked at'))
    isLooking = false
  }, lookEveryMs)
  timer.unref()
  return () => clearInterval(timer)
}
