import { existsSync } from 'node:fs'
import type { Secret } from '../base/index.ts'
import type { Locks } from '../store/index.ts'
import { type AuditSigner, auditSigner } from './audit-signature.ts'
import {
  deleteKey,
  deleteScope,
  listSummaries,
  type OpenedScope,
  openScope,
  type PutOutcome,
  putKey,
  type ScopeSummary,
} from './auth-scopes.ts'
import type { VaultContext } from './context.ts'
import { backUpKey, restoreKey } from './key/backup.ts'
import { describeKey, type KeyDescription, type Protecting, protectKey } from './key/protection.ts'
import { isKeyWrapped } from './key/wrap.ts'
import { lock, lockError, locksOf, unlock } from './locks.ts'
import { openContext, type VaultOptions } from './open-context.ts'
import { type RotationObserver, type RotationOptions, type RotationReport, rotate } from './rotation.ts'
import { tidy } from './tidy.ts'
import { saveState, stateForWriting } from './trusted-state.ts'

export interface Vault {
  /** Makes database and key file where they are missing; gives the public half in use. */
  init(): Promise<string>
  open(scopeId: string): Promise<OpenedScope | null>
  put(scopeId: string, keyName: string, value: Secret): Promise<PutOutcome>
  list(): Promise<ScopeSummary[]>
  deleteKey(scopeId: string, keyName: string): Promise<boolean>
  deleteScope(scopeId: string): Promise<boolean>
  rotate(options: RotationOptions, observer?: RotationObserver): Promise<RotationReport>
  /** Every process notices: nothing is opened any more. Null: everything, else one scope. */
  lock(scopeId: string | null): Promise<void>
  /** False when it was not locked. */
  unlock(scopeId: string | null): Promise<boolean>
  locks(): Promise<Locks>
  /** Signs what has to be shown to come from this vault. */
  signer(): Promise<AuditSigner>
  describeKey(): Promise<KeyDescription>
  protectKey(protecting: Protecting, newPassphrase: () => Promise<Secret>): Promise<void>
  backUpKey(target: string, newPassphrase: () => Promise<Secret>): Promise<void>
  restoreKey(source: string, passphrase: () => Promise<Secret>): Promise<void>
  /** False when what opens the key file is not known yet. */
  tidy(): Promise<boolean>
  /** Changes when another process has committed; null while the database is busy. Costs microseconds. */
  changeMark(): number | null
  close(): Promise<void>
}

/** Opens nothing yet: databases and key file are touched at first use. */
export function openVault(options: VaultOptions): Vault {
  const { paths } = options
  const { context, changeMark, close } = openContext(options)
  /**
   * What opens a wrapped key file may wait for a person or a device; no transaction may wait with it. Of what is locked
   * nobody is asked.
   */
  const afterUnwrapping = async <T>(work: () => Promise<T>, scopeId: string | null = null): Promise<T> => {
    const isNeeded = existsSync(paths.vault) && isKeyWrapped(paths.keyFile)
    const isRefused = scopeId !== null && isNeeded && lockError(await locksOf(context), scopeId) !== null
    if (isNeeded && !isRefused) (await context.keyFile())?.wipe()
    return work()
  }
  return {
    init: () => afterUnwrapping(() => init(context)),
    open: (scopeId) => afterUnwrapping(() => openScope(context, scopeId), scopeId),
    put: (scopeId, keyName, value) => afterUnwrapping(() => putKey(context, scopeId, keyName, value)),
    list: () => listSummaries(context),
    deleteKey: (scopeId, keyName) => afterUnwrapping(() => deleteKey(context, scopeId, keyName)),
    deleteScope: (scopeId) => afterUnwrapping(() => deleteScope(context, scopeId)),
    rotate: (rotation, observer) => afterUnwrapping(() => rotate(context, rotation, observer)),
    lock: (scopeId) => lock(context, scopeId),
    unlock: (scopeId) => unlock(context, scopeId),
    locks: () => locksOf(context),
    signer: () => afterUnwrapping(() => auditSigner(context)),
    describeKey: () => describeKey(context),
    protectKey: (protecting, newPassphrase) => protectKey(context, protecting, newPassphrase),
    backUpKey: (target, ask) => backUpKey(context, target, ask),
    restoreKey: (source, ask) => restoreKey(context, source, ask),
    tidy: () => tidy(context),
    changeMark,
    close,
  }
}

async function init(context: VaultContext): Promise<string> {
  const database = await context.writable()
  return database.write(async (transaction) => {
    const state = await stateForWriting(transaction, context)
    await saveState(transaction, state)
    state.file.wipe()
    return state.recipient
  })
}
