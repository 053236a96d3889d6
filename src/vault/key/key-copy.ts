import { existsSync, unlinkSync } from 'node:fs'
import { createExclusively, temporariesOf } from '../../base/index.ts'
import { VaultError } from '../vault-error.ts'

/**
 * Writes identities where the user wants a copy of them: all of it, in a file that must not exist. What an attempt
 * that was killed has left beside it goes. Throws VAULT_BACKUP_EXISTS.
 */
export function writeKeyCopy(target: string, bytes: Uint8Array, create = createExclusively): void {
  for (const left of temporariesOf(target)) unlinkSync(left)
  if (!create(target, bytes)) throw taken(target)
}

/** Before somebody is asked for anything. Throws VAULT_BACKUP_EXISTS. */
export function refuseTaken(target: string): void {
  if (existsSync(target)) throw taken(target)
}

function taken(target: string): VaultError {
  return new VaultError('VAULT_BACKUP_EXISTS', `${target} exists already; nothing was changed`, {
    hint: 'name a file that does not exist',
  })
}
