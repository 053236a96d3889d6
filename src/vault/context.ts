import type { Clock, Paths } from '../base/index.ts'
import type { VaultDatabase } from '../store/index.ts'
import type { KeyAccess } from './key/access.ts'
import type { IdentityFile } from './key/identity-file.ts'

/** What the vault's operations share. */
export interface VaultContext {
  readonly paths: Paths
  readonly clock: Clock
  readonly keyAccess: KeyAccess
  /** As it is now; null when there is none. The caller wipes it. */
  keyFile(): Promise<IdentityFile | null>
  /** Creates the database when it is missing. */
  writable(): Promise<VaultDatabase>
  /** Null when there is no database: nothing was ever put. */
  existing(): Promise<VaultDatabase | null>
  /** Runs `work` while no other process changes the key file, which vaults may share. */
  whileKeyFileLocked<T>(work: () => Promise<T>): Promise<T>
  /** The same context, which fails where it would wait for another process; the caller closes its database. */
  impatient(): VaultContext
}
