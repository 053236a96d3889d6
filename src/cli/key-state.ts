import type { App } from '../app.ts'
import { isMcplexerError } from '../base/index.ts'
import type { ScopeSummary } from '../vault/index.ts'
import { CliError } from './cli-error.ts'

/**
 * How the key file is. Throws VAULT_KEY_FILE_UNSAFE, and, where something can be said without a
 * passphrase, VAULT_KEY_FILE_INVALID and VAULT_IDENTITY_MISSING: nothing that is sealed would open. `sealed`: null
 * when the vault itself cannot be used.
 */
export async function keyState(app: App, sealed: readonly ScopeSummary[] | null): Promise<string> {
  const { hasSafeKeyFile, isKeyWrapped } = await import('../vault/index.ts')
  const path = app.paths.keyFile
  const isNeeded = sealed !== null && sealed.length > 0
  if (!hasSafeKeyFile(path)) {
    if (isNeeded) throw missing(path)
    return 'not there'
  }
  if (isKeyWrapped(path)) return 'private, protected'
  if (sealed !== null) await (await app.vault()).describeKey()
  // who can sign for the vault has the identity that sealed it
  if (isNeeded) await (await app.vault()).signer()
  return 'private'
}

/** For errors of a key file that a backup would mend. */
export function restoringHint(errors: readonly unknown[], path: string): string | null {
  if (errors.some((error) => isMcplexerError(error, 'VAULT_KEY_FILE_INVALID')))
    return `with a file of \`mcplexer key backup\`: mv '${path}' '${path}.old'; mcplexer key restore FILE`
  const isMissing = errors.some((error) => isMcplexerError(error, 'VAULT_IDENTITY_MISSING'))
  return isMissing ? 'with a file of `mcplexer key backup`: mcplexer key restore FILE' : null
}

function missing(path: string): CliError {
  return new CliError(
    'VAULT_IDENTITY_MISSING',
    `the key file ${path} is missing: nothing that is sealed opens`,
    { hint: 'put it back from a backup, or set MCPLEXER_AGE_KEY to where it is' },
  )
}
