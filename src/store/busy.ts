import type { Clock } from '../base/index.ts'
import { sqliteCode } from './store-error.ts'

export interface Waiting {
  readonly clock: Clock
  /** Called once, when it has taken a second. */
  readonly onWait: () => void
  /** 0: do not wait at all. */
  readonly limitMs: number
}

const FIRST_PAUSE_MS = 2
const LONGEST_PAUSE_MS = 25
const TELL_AFTER_MS = 1000

/**
 * Tries until the database is free. SQLite's own busy_timeout would block the event loop, and with it every other
 * call, for all of the wait. Throws SQLITE_BUSY as it came when the limit is over.
 */
export async function retryWhileBusy<T>(waiting: Waiting, attempt: () => T): Promise<T> {
  const started = performance.now()
  let pauseMs = FIRST_PAUSE_MS
  let isTold = false
  for (;;) {
    try {
      return attempt()
    } catch (error) {
      const waitedMs = performance.now() - started
      if (!sqliteCode(error).startsWith('SQLITE_BUSY') || waitedMs >= waiting.limitMs) throw error
      if (waitedMs > TELL_AFTER_MS && !isTold) {
        isTold = true
        waiting.onWait()
      }
      await waiting.clock.sleep(pauseMs * (0.5 + Math.random()))
      pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 1.5)
    }
  }
}
