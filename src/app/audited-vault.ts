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
  return {
    ...vault,
    ...secretsOnRecord(vault, recorded),
    ...scopesOnRecord(vault, recorded),
    ...locksOnRecord(vault, recorded),
    ...keyFileOnRecord(vault, recorded),
  }
}

function secretsOnRecord(
  vault: Vault,
  recorded: OnRecord,
): Pick<AuditedVault, 'openFor' | 'put' | 'deleteKey'> {
  const secret = (action: string, scope: string, key: string): What => ({
    kind: 'secret',
    action,
    scope,
    keys: [key],
  })
  return {
    openFor: (scope, key) =>
      recorded(
        secret('get', scope, key),
        () => vault.open(scope),
        (opened) => {
          if (opened === null) return 'CLI_SCOPE_UNKNOWN'
          return opened.keys.has(key) ? null : 'CLI_KEY_UNKNOWN'
        },
      ),
    put: (scope, key, value) => recorded(secret('put', scope, key), () => vault.put(scope, key, value)),
    deleteKey: (scope, key) =>
      recorded(
        secret('delete', scope, key),
        () => vault.deleteKey(scope, key),
        (isDeleted) => (isDeleted ? null : 'CLI_KEY_UNKNOWN'),
      ),
  }
}

function scopesOnRecord(vault: Vault, recorded: OnRecord): Pick<AuditedVault, 'openAll' | 'deleteScope'> {
  return {
    openAll: () =>
      recorded({ kind: 'secret', action: 'open all' }, async () => {
        const options = { isDryRun: true, isPostQuantum: false, keepOldFile: null }
        return (await vault.rotate(options)).scopes
      }),
    deleteScope: (scope) =>
      recorded(
        { kind: 'secret', action: 'delete scope', scope },
        () => vault.deleteScope(scope),
        (isDeleted) => (isDeleted ? null : 'CLI_SCOPE_UNKNOWN'),
      ),
  }
}

function locksOnRecord(vault: Vault, recorded: OnRecord): Pick<AuditedVault, 'lock' | 'unlock'> {
  const lock = (action: string, scope: string | null): What => ({
    kind: 'lock',
    action,
    ...(scope === null ? {} : { scope }),
  })
  return {
    lock: (scope) => recorded(lock('lock', scope), () => vault.lock(scope)),
    unlock: (scope) => recorded(lock('unlock', scope), () => vault.unlock(scope)),
  }
}

function keyFileOnRecord(
  vault: Vault,
  recorded: OnRecord,
): Pick<AuditedVault, 'protectKey' | 'backUpKey' | 'restoreKey' | 'rotate'> {
  const key = (action: string): What => ({ kind: 'key', action })
  return {
    protectKey: (protecting, ask) =>
      recorded(key(`protect with ${protecting.with}`), () => vault.protectKey(protecting, ask)),
    backUpKey: (target, ask) => recorded(key('backup'), () => vault.backUpKey(target, ask)),
    restoreKey: (source, ask) => recorded(key('restore'), () => vault.restoreKey(source, ask)),
    rotate: (options, observer) =>
      recorded(key(options.isDryRun ? 'rotate (dry run)' : 'rotate'), () => vault.rotate(options, observer)),
  }
}
