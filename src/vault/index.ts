/**
 * vault: the only room where plaintext, identity and rows meet. In: scope ids, key names, values as `Secret`. Out:
 * opened scopes, which the caller wipes. Never: a value or an identity in an error, in a log or in a file but sealed.
 */

export type { Locks } from '../store/index.ts'
export type { OpenedScope, PutOutcome, ScopeSummary } from './auth-scopes.ts'
export { KeyAccess, type KeyHandover } from './key/access.ts'
export { missingFile } from './key/change-key-file.ts'
export { descriptorPassphrase } from './key/passphrase-descriptor.ts'
export type { Person } from './key/person.ts'
export { readPluginKey } from './key/plugin/plugin-key.ts'
export { hasSafeKeyFile } from './key/private-file.ts'
export type { Protecting } from './key/protection.ts'
export { isKeyWrapped } from './key/wrap.ts'
export { lockError, UNLOCKED } from './locks.ts'
export { ROTATION_STEPS, type RotationObserver, type RotationReport, type RotationStep } from './rotation.ts'
export { checkNames } from './secret-names.ts'
export { openVault, type Vault } from './vault.ts'
