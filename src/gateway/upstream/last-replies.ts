import { watchReader } from '../../base/index.ts'
import { atMost } from '../downstream/deadline.ts'
import type { ClientSession } from './session.ts'

/**
 * A client that has closed its input still reads, or has gone without a sign: a call has a time limit of its own, but
 * progress renews it and a configuration may lift it, so there is an end to that, as generous as for a held call.
 */
const LAST_REPLIES_MS = 10 * 60_000

/** The input has ended: what was asked before is still answered. */
export function lastReplies(session: ClientSession): Promise<void> {
  return atMost(LAST_REPLIES_MS, session.finish())
}

/** The same while somebody reads what is written to `descriptor`: without a reader nobody waits any more. */
export async function lastRepliesTo(descriptor: number, session: ClientSession): Promise<void> {
  const gone = Promise.withResolvers<void>()
  const unwatch = watchReader(descriptor, gone.resolve)
  await Promise.race([lastReplies(session), gone.promise])
  unwatch()
}
