import type { OpenedScope, Vault } from '../vault/index.ts'
import type { OnRecord, What } from './on-record.ts'

export interface AuditedVault extends Omit<Vault, 'open'> {
  /** The scope, for who wants this key of it; null when nothing is sealed under its id. */
  openFor(scopeId: string, keyName: string): Promise<OpenedScope | null>
  /** Opens every scope once and changes nothing; gives how many there are. */
  openAll(): Promise<number>
}

/** The vault as a person uses it: what was done with it, or tried, is on record. */
export function auditedVault(vault: Vault, recorded: OnRecord): AuditedVault {
  const secret = (action: string, scope: string, key: string): What => ({
    kind: 'secret',
    action,
    scope,
    keys: [key],
  })
  return {
    ...vault,
    openFor: (scope, key) =>
      recorded(
        secret('get', scope, key),
        () => vault.open(scope),
        (opened) => {
          if (opened === null) return 'CLI_SCOPE_UNKNOWN'
          return opened.keys.has(key) ? null : 'CLI_KEY_UNKNOWN'
        },
      ),
    openAll: () =>
      recorded({ kind: 'secret', action: 'open all' }, async () => {
        const options = { isDryRun: true, isPostQuantum: false, keepOldFile: null }
        return (await vault.rotate(options)).scopes
      }),
    put: (scope, key, value) => recorded(secret('put', scope, key), () => vault.put(scope, key, value)),
    deleteKey: (scope, key) =>
      recorded(
        secret('delete', scope, key),
        () => vault.deleteKey(scope, key),
        (isDeleted) => (isDeleted ? null : 'CLI_KEY_UNKNOWN'),
      ),
    deleteScope: (scope) =>
      recorded(
        { kind: 'secret', action: 'delete scope', scope },
        () => vault.deleteScope(scope),
        (isDeleted) => (isDeleted ? null : 'CLI_SCOPE_UNKNOWN'),
      ),
    lock: (scope) =>
      recorded({ kind: 'lock', action: 'lock', ...(scope === null ? {} : { scope }) }, () => vault.lock(scope)),
    unlock: (scope) =>
      recorded({ kind: 'lock', action: 'unlock', ...(scope === null ? {} : { scope }) }, () =>
        vault.unlock(scope),
      ),
    protectKey: (protecting, ask) =>
      recorded({ kind: 'key', action: `protect with ${protecting.with}` }, () =>
        vault.protectKey(protecting, ask),
      ),
    backUpKey: (target, ask) => recorded({ kind: 'key', action: 'backup' }, () => vault.backUpKey(target, ask)),
    restoreKey: (source, ask) =>
      recorded({ kind: 'key', action: 'restore' }, () => vault.restoreKey(source, ask)),
    rotate: (options, observer) =>
      recorded({ kind: 'key', action: options.isDryRun ? 'rotate (dry run)' : 'rotate' }, () =>
        vault.rotate(options, observer),
      ),
  }
}
