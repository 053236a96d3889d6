import type { AuditRow, AuditStart } from '../store/index.ts'
import { linkedHash } from './chain.ts'

/** Whether an entry stands right behind another one, and is as it was written there. */
export function isLinked(before: AuditStart, { seq, body, hash }: AuditRow): boolean {
  return seq === before.seq + 1 && Buffer.compare(linkedHash(before, body), hash) === 0
}
