/**
 * audit: what was done with which secret, and by whom. In: entries with names, decisions and durations. Out: the
 * same, in order, and whether anybody has changed them since. Never: a value, a result, or arguments as they were.
 */
export type { ActivityDatabase } from '../store/index.ts'
export { alertsIn } from './alerts.ts'
export { type Checkpoint, encodeCheckpoint, readCheckpoint } from './checkpoint.ts'
export { AUDIT_DECISIONS, AUDIT_KINDS, type AuditEntry, type StoredEntry } from './entry.ts'
export { AuditLog } from './log.ts'
export { pruneRegularly } from './prune-regularly.ts'
export { followed, headOf, listed } from './query.ts'
export { type Verdict, verify } from './verify.ts'
