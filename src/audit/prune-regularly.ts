import { log, systemClock } from '../base/index.ts'
import type { ActivityDatabase } from '../store/index.ts'
import { prune, type Retention } from './retention.ts'

const DAY_MS = 86_400_000

/** Lets go of what is too old or too much, now and every day; nobody waits for it. Gives what ends it. */
export function pruneRegularly(
  activity: ActivityDatabase,
  retention: () => Retention,
  everyMs = DAY_MS,
): () => void {
  const pruneNow = (): void =>
    void prune(activity, retention(), systemClock.nowMs()).catch(() =>
      log.debug('old entries of the record could not be let go of'),
    )
  pruneNow()
  const timer = setInterval(pruneNow, everyMs)
  timer.unref()
  return () => clearInterval(timer)
}
