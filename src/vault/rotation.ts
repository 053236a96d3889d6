import {
  listScopes,
  resealScope,
  type SealedScopeRow,
  scopesAfter,
  type VaultDatabase,
  type VaultTransaction,
} from '../store/index.ts'
import { seal } from './cipher.ts'
import type { VaultContext } from './context.ts'
import { encodeEnvelope } from './envelope.ts'
import { IdentityFile } from './identity-file.ts'
import { changeKeyFile, missingFile } from './key-file-changes.ts'
import type { Manifest } from './manifest.ts'
import { keyEntries, openRow, tampered, withMac } from './sealed-row.ts'
import { dropRetired } from './tidy.ts'
import { listTampered, readManifest, saveState, stateForWriting } from './trusted-state.ts'
import { VaultError } from './vault-error.ts'

/** After each of them every scope still opens, whatever happens next. */
export const ROTATION_STEPS = [
  'verified',
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

export interface RotationObserver {
  onStep?(step: RotationStep): void
  onProgress?(done: number, total: number): void
}

export interface RotationReport {
  readonly scopes: number
  readonly keys: readonly { scope: string; name: string; updatedAtMs: number }[]
  /** Null after a dry run. */
  readonly recipient: string | null
  /** Identities that the vault no longer needs and that were taken out of the key file. */
  readonly dropped: readonly string[]
  /** Those that were left in, as others may need them; for the user to delete, by line. */
  readonly kept: readonly { recipient: string; line: number }[]
}

const AT_A_TIME = 16

/**
 * Re-seals every scope for a new identity. The key file always holds every identity that a committed row needs:
 * first the new one is added, then the rows change in one commit, then the old one goes. All of it under the write
 * lock; `put` in another process waits, readers go on. Throws before any write when a scope cannot be opened.
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
  const summary = await database.withoutSpilling(() => reseal(database, context, options, observer))
  observer.onStep?.('committed')
  const { dropped, kept } = await dropRetired(database, context)
  observer.onStep?.('old-identity-dropped')
  return { ...summary, dropped, kept }
}

function isHybrid(recipient: string): boolean {
  return recipient.startsWith('age1pq1')
}

type Summary = Pick<RotationReport, 'scopes' | 'keys'>

async function verifyOnly(
  transaction: VaultTransaction,
  context: VaultContext,
  observer: RotationObserver,
): Promise<Summary> {
  const file = await IdentityFile.read(context.paths.keyFile)
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

function reseal(
  database: VaultDatabase,
  context: VaultContext,
  options: RotationOptions,
  observer: RotationObserver,
): Promise<Summary & { recipient: string }> {
  return database.write(async (transaction) => {
    const before = await stateForWriting(transaction, context)
    try {
      const retired = await verifyAll(transaction, before.file, before.manifest, observer)
      retired.add(before.recipient)
      observer.onStep?.('verified')
      if (options.keepOldFile !== null) before.file.saveCopy(options.keepOldFile, retired)
      const { file, recipient } = await changeKeyFile(context, (current) =>
        current.addIdentity(before.vaultId, {
          isPostQuantum: options.isPostQuantum || isHybrid(before.recipient),
        }),
      )
      observer.onStep?.('identity-added')
      await resealAll(transaction, file, before.manifest, recipient, observer)
      for (const former of before.manifest.retired) if (file.has(former)) retired.add(former)
      await saveState(transaction, { ...before, file, recipient, manifest: { ...before.manifest, retired } })
      observer.onStep?.('re-sealed')
      file.wipe()
      return { ...(await summaryOf(transaction)), recipient }
    } finally {
      before.file.wipe()
    }
  })
}

/** Opens every scope; gives the recipients in use. */
async function verifyAll(
  transaction: VaultTransaction,
  file: IdentityFile,
  manifest: Manifest,
  observer: RotationObserver,
): Promise<Set<string>> {
  const used = new Set<string>()
  const seen = new Set<string>()
  await eachRow(transaction, manifest, observer, async (row) => {
    const { keys } = await openRow(file, manifest, row)
    for (const value of keys.values()) value.wipe()
    used.add(row.recipient).add(row.mac_key)
    seen.add(row.scope_id)
  })
  const lost = [...manifest.generations.keys()].find((id) => !seen.has(id))
  if (lost !== undefined) throw tampered(lost)
  return used
}

async function resealAll(
  transaction: VaultTransaction,
  file: IdentityFile,
  manifest: Manifest,
  recipient: string,
  observer: RotationObserver,
): Promise<void> {
  await eachRow(transaction, manifest, observer, async (row) => {
    const envelope = await openRow(file, manifest, row)
    const plaintext = encodeEnvelope(envelope)
    const blob = await seal(recipient, plaintext)
    const reopened = await file.open(recipient, blob)
    const isSame = Buffer.compare(plaintext, reopened) === 0
    for (const bytes of [plaintext, reopened]) bytes.fill(0)
    for (const value of envelope.keys.values()) value.wipe()
    if (!isSame)
      throw new VaultError('VAULT_SEAL_FAILED', `auth scope ${row.scope_id} did not survive re-sealing`)
    const sealed = withMac(file, { ...row, recipient, blob })
    await resealScope(transaction, pickSeal(sealed))
  })
}

function pickSeal({ scope_id, recipient, mac_key, blob, mac }: SealedScopeRow) {
  return { scope_id, recipient, mac_key, blob, mac }
}

/** Some rows at a time, so that memory does not grow with the vault. */
async function eachRow(
  transaction: VaultTransaction,
  manifest: Manifest,
  observer: RotationObserver,
  work: (row: SealedScopeRow) => Promise<void>,
): Promise<void> {
  let done = 0
  for (let last = ''; ; ) {
    const rows = await scopesAfter(transaction, last, AT_A_TIME)
    if (rows.length === 0) return
    await Promise.all(rows.map(work))
    last = rows.at(-1)?.scope_id ?? last
    done += rows.length
    observer.onProgress?.(done, manifest.generations.size)
  }
}

async function summaryOf(transaction: VaultTransaction): Promise<Summary> {
  const rows = await listScopes(transaction)
  const keys = rows.flatMap((row) =>
    keyEntries(row).map(([name, , updatedAtMs]) => ({ scope: row.scope_id, name, updatedAtMs })),
  )
  return { scopes: rows.length, keys: keys.sort((a, b) => a.updatedAtMs - b.updatedAtMs) }
}
