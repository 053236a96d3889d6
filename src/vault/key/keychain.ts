import { VaultError } from '../vault-error.ts'

const SERVICE = 'mcplexer'

/**
 * From the keychain of the system. On Linux an entry that is locked looks like one that is missing, so neither is
 * ever answered by making a new one. Throws VAULT_KEYCHAIN_FAILED.
 */
export async function keychainPassphrase(name: string): Promise<string> {
  const found = await attempt(() => Bun.secrets.get({ service: SERVICE, name }))
  if (found !== null) return found
  throw new VaultError(
    'VAULT_KEYCHAIN_FAILED',
    `the keychain holds no ${SERVICE} entry ${name}, or is locked`,
    {
      hint: 'unlock your keyring and try again; else `mcplexer key restore` with a backup',
    },
  )
}

/** Stored and read again. Throws VAULT_KEYCHAIN_FAILED. */
export async function storeInKeychain(name: string, passphrase: string): Promise<void> {
  await attempt(() => Bun.secrets.set({ service: SERVICE, name, value: passphrase }))
  if ((await keychainPassphrase(name)) === passphrase) return
  throw new VaultError('VAULT_KEYCHAIN_FAILED', 'the keychain gave back something else than was stored')
}

/** The library's errors may quote what they were given. */
async function attempt<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch {
    throw new VaultError('VAULT_KEYCHAIN_FAILED', 'the keychain of this system cannot be reached', {
      hint: 'on Linux it needs libsecret, a keyring and a D-Bus session',
    })
  }
}
