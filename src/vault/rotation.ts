import type { VaultDatabase, VaultTransaction } from '../store/index.ts'
import { generateIdentity, recipientOf } from './cipher.ts'
import type { VaultContext } from './context.ts'
import { type Progress, resealAll, type Summary, summaryOf, verifyAll } from './every-scope.ts'
import { changeKeyFile, missingFile } from './key/change-key-file.ts'
import type { NewIdentity } from './key/identity-text.ts'
import { dropRetired } from './tidy.ts'
import { listTampered, readManifest, saveState, stateForWriting } from './trusted-state.ts'
import { VaultError } from './vault-error.ts'

/** After each of them every scope still opens, whatever happens next. */
export const ROTATION_STEPS = [
  'verified',
  'announced',
  'identity-added',
  're-sealed',
  'committed',
  'old-identity-dropped',
] as const
export type RotationStep = (typeof ROTATION_STEPS)[number]

export interface RotationOptions {
  /** Opens everything and changes nothing. */
  readonly isDryRun: boolean
  /** Moves to a hybrid identity (ML-KEM-768 with X25519); a vault that has one stays hybrid in any case. */
  readonly isPostQuantum: boolean
  /** Where to save the old identities; must not exist. */
  readonly keepOldFile: string | null
}

export interface RotationObserver extends Progress {
  onStep?(step: RotationStep): void
}

export interface RotationReport extends Summary {
  /** Null after a dry run. */
  readonly recipient: string | null
  /** Identities that the vault no longer needs and that were taken out of the key file. */
  readonly dropped: readonly string[]
  /** Those that were left in, as others may need them; for the user to delete, by line. */
  readonly kept: readonly { recipient: string; line: number }[]
}

/** Of rotations that never ended. */
const KEPT_PENDING = 15

/**
 * Re-seals every scope for a new identity. The key file always holds every identity that a committed row needs:
 * the new one is announced in the list of scopes and added, then the rows change in one commit, then the old one goes.
 * Each of these under the write lock; `put` in another process waits, readers go on. Throws before any write when a
 * scope cannot be opened.
 */
export async function rotate(
  context: VaultContext,
  options: RotationOptions,
  observer: RotationObserver = {},
): Promise<RotationReport> {
  const database = await context.existing()
  if (database === null) {
    throw new VaultError('VAULT_EMPTY', `there is no vault at ${context.paths.vault} yet`, {
      hint: 'mcplexer init',
    })
  }
  if (options.isDryRun) {
    const summary = await database.read((transaction) => verifyOnly(transaction, context, observer))
    return { ...summary, recipient: null, dropped: [], kept: [] }
  }
  const added = await announce(database, context, options, observer)
  observer.onStep?.('announced')
  const summary = await database.withoutSpilling(() => reseal(database, context, added, observer))
  observer.onStep?.('committed')
  const { dropped, kept } = await dropRetired(database, context)
  observer.onStep?.('old-identity-dropped')
  return { ...summary, dropped, kept }
}

async function newIdentity(options: { isPostQuantum: boolean }): Promise<NewIdentity> {
  const identity = await generateIdentity(options)
  return { identity, recipient: await recipientOf(identity) }
}

function isHybrid(recipient: string): boolean {
  return recipient.startsWith('age1pq1')
}

async function verifyOnly(
  transaction: VaultTransaction,
  context: VaultContext,
  observer: RotationObserver,
): Promise<Summary> {
  const file = await context.keyFile()
  if (file === null) throw missingFile(context)
  try {
    const manifest = await readManifest(transaction, file)
    if (manifest === null) throw listTampered(context)
    await verifyAll(transaction, file, manifest, observer)
    observer.onStep?.('verified')
    return await summaryOf(transaction)
  } finally {
    file.wipe()
  }
}

/** Opens everything, and puts on record which identity is about to be added. Throws before any write. */
function announce(
  database: VaultDatabase,
  context: VaultContext,
  options: RotationOptions,
  observer: RotationObserver,
): Promise<NewIdentity> {
  return database.write(async (transaction) => {
    const state = await stateForWriting(transaction, context)
    try {
      const retired = await verifyAll(transaction, state.file, state.manifest, observer)
      state.file.checkRoom()
      observer.onStep?.('verified')
      if (options.keepOldFile !== null) state.file.saveCopy(options.keepOldFile, retired.add(state.recipient))
      const isPostQuantum = options.isPostQuantum || isHybrid(state.recipient)
      const added = await newIdentity({ isPostQuantum })
      const pending = new Set([...state.manifest.pending].slice(-KEPT_PENDING)).add(added.recipient)
      await saveState(transaction, { ...state, manifest: { ...state.manifest, pending } })
      return added
    } finally {
      state.file.wipe()
    }
  })
}

function reseal(
  database: VaultDatabase,
  context: VaultContext,
  added: NewIdentity,
  observer: RotationObserver,
): Promise<Summary & { recipient: string }> {
  return database.write(async (transaction) => {
    const before = await stateForWriting(transaction, context)
    const { recipient } = added
    try {
      const file = await changeKeyFile(context, (current) => current.addIdentity(before.vaultId, added))
      observer.onStep?.('identity-added')
      const retired = await resealAll(transaction, file, before.manifest, recipient, observer)
      retired.add(before.recipient)
      for (const former of before.manifest.retired) if (file.has(former)) retired.add(former)
      const pending = new Set([...before.manifest.pending].filter((former) => former !== recipient))
      const manifest = { ...before.manifest, pending, retired }
      await saveState(transaction, { ...before, file, recipient, manifest })
      observer.onStep?.('re-sealed')
      file.wipe()
      return { ...(await summaryOf(transaction)), recipient }
    } finally {
      before.file.wipe()
    }
  })
}
