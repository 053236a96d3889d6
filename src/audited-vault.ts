import type { OnRecord, What } from './on-record.ts'
import type { Vault } from './vault/index.ts'

/** The vault as a person uses it: what was done with it, or tried, is on record. */
export function auditedVault(vault: Vault, recorded: OnRecord): Vault {
  const secret = (action: string, scope: string, key: string): What => ({
    kind: 'secret',
    action,
    scope,
    keys: [key],
  })
  return {
    ...vault,
    open: (scope) => recorded({ kind: 'secret', action: 'get', scope }, () => vault.open(scope)),
    put: (scope, key, value) => recorded(secret('put', scope, key), () => vault.put(scope, key, value)),
    deleteKey: (scope, key) => recorded(secret('delete', scope, key), () => vault.deleteKey(scope, key)),
    deleteScope: (scope) =>
      recorded({ kind: 'secret', action: 'delete scope', scope }, () => vault.deleteScope(scope)),
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
    backUpKey: (target, passphrase) =>
      recorded({ kind: 'key', action: 'backup' }, () => vault.backUpKey(target, passphrase)),
    restoreKey: (source, passphrase) =>
      recorded({ kind: 'key', action: 'restore' }, () => vault.restoreKey(source, passphrase)),
    rotate: (options, observer) =>
      recorded({ kind: 'key', action: options.isDryRun ? 'rotate (dry run)' : 'rotate' }, () =>
        vault.rotate(options, observer),
      ),
  }
}
