import { existsSync } from 'node:fs'
import type { App } from '../app.ts'
import { isMcplexerError } from '../base/index.ts'
import type { ScopeSummary } from '../vault/index.ts'

/**
 * How the key file is. Throws VAULT_KEY_FILE_UNSAFE, and, where something can be said without a
 * passphrase, VAULT_KEY_FILE_INVALID and VAULT_IDENTITY_MISSING: nothing that is sealed would open. `sealed`: null
 * when the vault itself cannot be used.
 */
export async function keyState(app: App, sealed: readonly ScopeSummary[] | null): Promise<string> {
  const { hasSafeKeyFile, isKeyWrapped, missingFile } = await import('../vault/index.ts')
  const path = app.paths.keyFile
  const isNeeded = sealed !== null && sealed.length > 0
  if (!hasSafeKeyFile(path)) {
    if (isNeeded) throw missingFile(app)
    return 'not there'
  }
  if (isKeyWrapped(path)) return 'private, protected'
  if (sealed !== null) await (await app.vault()).describeKey()
  // who can sign for the vault has the identity that sealed it
  if (isNeeded) await (await app.vault()).signer()
  return 'private'
}

/** For errors of a key file in the place of which a backup would go; one that is missing says so by itself. */
export function restoringHint(errors: readonly unknown[], path: string): string | null {
  const isOther = (error: unknown): boolean =>
    isMcplexerError(error, 'VAULT_KEY_FILE_INVALID') || isMcplexerError(error, 'VAULT_IDENTITY_MISSING')
  return errors.some(isOther) && existsSync(path)
    ? `with a file of \`mcplexer key backup\`: mv '${path}' '${path}.old'; mcplexer key restore FILE`
    : null
}
