/**
 * store: rows and bytes in two SQLite files, the vault and the activity database. In: paths, rows. Out: rows, and
 * transactions over them. Never: plaintext of a secret, or a key.
 */
export { type ActivityDatabase, openActivity } from './activity.ts'
export {
  type AuditRow,
  type AuditStart,
  appendAudit,
  appendAuditDurably,
  auditAfter,
  auditDigestKey,
  auditStart,
  newestAudit,
} from './audit-entries.ts'
export { dropAuditUpTo } from './audit-retention.ts'
export { auditBytesAbove, hasAuditBody } from './audit-scans.ts'
export type { Waiting } from './busy.ts'
export { loadCatalogEntry, saveCatalogEntry } from './catalog-entries.ts'
export { withFileLock } from './file-lock.ts'
export { launchGrants, saveLaunchGrants } from './launch-grants.ts'
export { addLock, findLocks, type Locks, removeLock } from './locks.ts'
export { forgetListings, pinsOf, savePins, saveWithheld, type Withheld, withheldItems } from './pins.ts'
export type { SealedScopeRow, VaultStateRow } from './schema.ts'
export {
  deleteScopeRow,
  findScope,
  listScopeIds,
  listScopes,
  resealScope,
  saveScope,
  scopesAfter,
} from './sealed-scopes.ts'
export { saveStoredReplies } from './stored-replies.ts'
export { openVaultDatabase, type VaultDatabase, type VaultTransaction } from './vault-database.ts'
export { findVaultState, saveVaultState } from './vault-state.ts'
