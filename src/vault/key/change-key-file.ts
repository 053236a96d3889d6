import { existsSync } from 'node:fs'
import type { VaultContext } from '../context.ts'
import { VaultError } from '../vault-error.ts'
import { IdentityFile } from './identity-file.ts'

/**
 * Vaults may share a key file, and each of them writes to it. So every change reads the file and writes it under
 * one lock, and none goes by what was read before.
 */
export async function changeKeyFile<T>(
  context: VaultContext,
  change: (file: IdentityFile) => Promise<T>,
): Promise<T> {
  return context.whileKeyFileLocked(async () => {
    const file = await context.keyFile()
    if (file === null) throw missingFile(context)
    try {
      return await change(file)
    } finally {
      file.wipe()
    }
  })
}

/**
 * The key file, created for this vault when there is none, and with this vault named in it when it belongs to other
 * vaults: what one of them no longer needs, another may. A file that names none is the user's own; it is left
 * alone, and no identity of it is ever dropped.
 */
export async function keyFileOf(context: VaultContext, vaultId: string): Promise<IdentityFile> {
  const { keyFile } = context.paths
  const lacksUs = (file: IdentityFile): boolean => file.namesVaults() && !file.names(vaultId)
  const file = await context.keyFile()
  if (file !== null && !lacksUs(file)) return file
  file?.wipe()
  await context.whileKeyFileLocked(async () => {
    const current = await context.keyFile()
    if (current === null) await IdentityFile.create(keyFile, vaultId, new Date(context.clock.nowMs()))
    else if (lacksUs(current)) (await current.addVault(vaultId)).wipe()
    current?.wipe()
  })
  const ready = await context.keyFile()
  if (ready === null) throw missingFile(context)
  return ready
}

/** VAULT_EMPTY where there is no database either: then nothing is lost. */
export function missingFile({ paths }: Pick<VaultContext, 'paths'>): VaultError {
  if (!existsSync(paths.vault))
    return new VaultError('VAULT_EMPTY', `there is no key file at ${paths.keyFile} yet, and no vault`, {
      hint: '`mcplexer init` makes new ones; or set MCPLEXER_HOME to where they are',
    })
  return new VaultError(
    'VAULT_IDENTITY_MISSING',
    `the key file ${paths.keyFile} is missing, and ${paths.vault} is sealed with it`,
    {
      hint: 'put it back from a backup with `mcplexer key restore FILE`, or set MCPLEXER_AGE_KEY to where it is; a new key could not open what is sealed',
    },
  )
}
