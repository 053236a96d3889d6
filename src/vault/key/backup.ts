import { existsSync, readFileSync, rmSync, statSync } from 'node:fs'
import {
  createExclusively,
  createOnAnyDisk,
  isMcplexerError,
  type Secret,
  systemReason,
} from '../../base/index.ts'
import { findVaultState } from '../../store/index.ts'
import { openWithPassphrase } from '../cipher.ts'
import type { VaultContext } from '../context.ts'
import { VaultError } from '../vault-error.ts'
import { missingFile } from './change-key-file.ts'
import { readIdentities } from './identity-text.ts'
import { refuseTaken, writeKeyCopy } from './key-copy.ts'
import { innerOf, newPassphraseIn, sealedAndOpened } from './protection.ts'
import { protectionFile } from './protection-file.ts'
import { isWrapped } from './wrap.ts'

const MAX_BYTES = 1024 * 1024

/**
 * The identities, wrapped by a passphrase of their own, in a file that must not exist. Asks for it when there is a use
 * for it. Throws VAULT_BACKUP_EXISTS, and VAULT_PASSPHRASE_WRONG for an empty one.
 */
export async function backUpKey(
  context: VaultContext,
  target: string,
  newPassphrase: () => Promise<Secret>,
): Promise<void> {
  if (!existsSync(context.paths.keyFile)) throw missingFile(context)
  refuseTaken(target)
  const wrapping = newPassphraseIn(await newPassphrase())
  const inner = await innerOf(context)
  try {
    writeKeyCopy(target, await sealedAndOpened(wrapping, inner), createOnAnyDisk)
  } finally {
    inner.fill(0)
  }
}

/**
 * Puts the identities of a backup where the key file is missing. Asks for its passphrase when there is a use for it.
 * Throws VAULT_KEY_FILE_EXISTS, VAULT_PASSPHRASE_WRONG, and VAULT_IDENTITY_MISSING for the backup of another vault, which
 * would be in the way of the right one.
 */
export async function restoreKey(
  context: VaultContext,
  source: string,
  passphrase: () => Promise<Secret>,
): Promise<void> {
  const { keyFile: path } = context.paths
  if (existsSync(path)) throw exists(path)
  const inner = await openedBackup(source, passphrase)
  try {
    await checkOpensVault(context, source, inner)
    await context.whileKeyFileLocked(async () => {
      if (existsSync(path) || !createExclusively(path, inner)) throw exists(path)
      rmSync(protectionFile(path), { force: true })
    })
  } finally {
    inner.fill(0)
  }
}

async function openedBackup(source: string, passphrase: () => Promise<Secret>): Promise<Uint8Array> {
  const bytes = readBackup(source)
  if (!isWrapped(bytes)) throw notABackup(`${source} is no backup of a key file`)
  const answer = await passphrase()
  try {
    return await openWithPassphrase(new TextDecoder().decode(answer.reveal()), bytes)
  } catch (error) {
    throw isMcplexerError(error, 'VAULT_PASSPHRASE_WRONG') ? misfit(source) : error
  } finally {
    answer.wipe()
  }
}

async function checkOpensVault(
  { paths, existing }: VaultContext,
  source: string,
  inner: Uint8Array,
): Promise<void> {
  const { identities } = await readIdentities(source, inner).catch(() => {
    throw notABackup(`${source} is no backup of a key file`)
  })
  for (const { secret } of identities) secret.wipe()
  // a database that cannot be read now may be put back, too
  const database = await existing().catch(() => null)
  const state = await database?.read((transaction) => findVaultState(transaction)).catch(() => null)
  if (!state || identities.some(({ recipient }) => recipient === state.recipient)) return
  throw new VaultError(
    'VAULT_IDENTITY_MISSING',
    `${source} does not hold the identity that sealed ${paths.vault}`,
    {
      hint: 'take the backup that was made after the last `rotate-key`; for another vault set MCPLEXER_HOME',
    },
  )
}

/** Others may read it, as on a stick: without its passphrase it opens nothing. */
function readBackup(source: string): Uint8Array {
  try {
    const about = statSync(source)
    if (about.isFile() && about.size <= MAX_BYTES) return readFileSync(source)
  } catch (error) {
    throw notABackup(`${source} cannot be read: ${systemReason(error)}`)
  }
  throw notABackup(`${source} is no backup of a key file`)
}

function notABackup(message: string): VaultError {
  return new VaultError('VAULT_KEY_FILE_INVALID', message, { hint: '`mcplexer key backup FILE` makes one' })
}

function misfit(source: string): VaultError {
  return new VaultError('VAULT_PASSPHRASE_WRONG', `the passphrase does not open the backup ${source}`, {
    hint: 'a backup has a passphrase of its own, the one that it was made with',
  })
}

function exists(path: string): VaultError {
  return new VaultError('VAULT_KEY_FILE_EXISTS', `there is a key file at ${path}; it was left as it is`, {
    hint: `move it away first: mv '${path}' '${path}.before'`,
  })
}
