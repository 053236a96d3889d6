import { existsSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { type Clock, type Paths, systemClock } from '../base/index.ts'
import { openVaultDatabase, type VaultDatabase, withFileLock } from '../store/index.ts'
import type { VaultContext } from './context.ts'
import { KeyAccess } from './key/access.ts'
import { IdentityFile } from './key/identity-file.ts'

/** A rotation of 10,000 scopes takes some seconds. */
const WAIT_LIMIT_MS = 120_000
/** What `changeMark` says before there is a database, and before it was opened. */
const NO_DATABASE = 0
const UNOPENED_DATABASE = -1
/** Another file lies in its place. */
const REPLACED_DATABASE = -2

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

/**
 * Touches database and key file only when the context is asked for them; the database stays open until `close`. One
 * that was put in its place is opened instead: what is locked or sealed there counts.
 */
export function openContext(options: VaultOptions): OpenContext {
  const { paths, clock = systemClock, onWait = () => undefined, keyAccess = new KeyAccess() } = options
  const waiting = { clock, onWait, limitMs: WAIT_LIMIT_MS }
  let opened: VaultDatabase | null = null
  /** Work that has begun in them ends there. */
  const replaced: VaultDatabase[] = []
  const open = async (create: boolean): Promise<VaultDatabase | null> => {
    if (opened?.isInPlace()) return opened
    if (opened !== null) replaced.push(opened)
    opened = null
    const database = await openVaultDatabase(paths.vault, waiting, create)
    if (opened !== null) await database?.close()
    opened ??= database
    return opened
  }
  const context: VaultContext = {
    paths,
    clock,
    keyAccess,
    keyFile: () => IdentityFile.read(paths.keyFile, keyAccess),
    existing: () => open(false),
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
      const database = await open(true)
      if (database === null) throw new TypeError('a created database is missing')
      return database
    },
  }
  return {
    context,
    changeMark: () => {
      if (opened !== null) return opened.isInPlace() ? opened.changeMark() : REPLACED_DATABASE
      return existsSync(paths.vault) ? UNOPENED_DATABASE : NO_DATABASE
    },
    close: async () => {
      for (const database of [...replaced, opened]) await database?.close()
      opened = null
    },
  }
}

function lockFileOf(keyFile: string): string {
  return join(dirname(keyFile), `.${basename(keyFile)}.lock`)
}
