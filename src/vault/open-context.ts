import { basename, dirname, join } from 'node:path'
import { type Clock, type Paths, systemClock } from '../base/index.ts'
import { openVaultDatabase, withFileLock } from '../store/index.ts'
import type { VaultContext } from './context.ts'
import { CurrentDatabase } from './current-database.ts'
import { KeyAccess } from './key/access.ts'
import { IdentityFile } from './key/identity-file.ts'

/** A rotation of 10,000 scopes takes some seconds. */
const WAIT_LIMIT_MS = 120_000

export interface VaultOptions {
  readonly paths: Paths
  readonly clock?: Clock
  /** What opens a key file that is protected. */
  readonly keyAccess?: KeyAccess
  /** Told once when another process makes us wait. */
  readonly onWait?: () => void
}

interface OpenContext {
  readonly context: VaultContext
  /** As in Vault. */
  changeMark(): number | null
  close(): Promise<void>
}

/** Touches database and key file only when the context is asked for them; the database stays open until `close`. */
export function openContext(options: VaultOptions): OpenContext {
  const { paths, clock = systemClock, onWait = () => undefined, keyAccess = new KeyAccess() } = options
  const waiting = { clock, onWait, limitMs: WAIT_LIMIT_MS }
  const database = new CurrentDatabase(paths, waiting)
  const context: VaultContext = {
    paths,
    clock,
    keyAccess,
    keyFile: () => IdentityFile.read(paths.keyFile, keyAccess),
    existing: () => database.open(false),
    whileKeyFileLocked: (work) => withFileLock(lockFileOf(paths.keyFile), waiting, work),
    impatient: () => {
      const atOnce = { ...waiting, limitMs: 0 }
      return {
        ...context,
        existing: () => openVaultDatabase(paths.vault, atOnce, false),
        whileKeyFileLocked: (work) => withFileLock(lockFileOf(paths.keyFile), atOnce, work),
      }
    },
    writable: async () => {
      const created = await database.open(true)
      if (created === null) throw new TypeError('a created database is missing')
      return created
    },
  }
  return { context, changeMark: () => database.changeMark(), close: () => database.close() }
}

function lockFileOf(keyFile: string): string {
  return join(dirname(keyFile), `.${basename(keyFile)}.lock`)
}
