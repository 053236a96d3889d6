import { unlinkSync } from 'node:fs'
import { isMcplexerError, temporariesOf } from '../base/index.ts'
import { findVaultState, listScopes, type VaultDatabase, type VaultTransaction } from '../store/index.ts'
import type { VaultContext } from './context.ts'
import { changeKeyFile } from './key/change-key-file.ts'
import { IdentityFile } from './key/identity-file.ts'
import type { Identity } from './key/identity-text.ts'
import { protectionFile } from './key/protection-file.ts'
import { isReadAlone } from './key/wrap.ts'
import type { Manifest } from './manifest.ts'
import { readManifest } from './trusted-state.ts'

interface DropOutcome {
  readonly dropped: readonly string[]
  readonly kept: readonly { recipient: string; line: number }[]
}

/**
 * Finishes what an interrupted rotation left: drops identities that it retired or added in vain, and temporary key
 * files. Never waits: with the lock held elsewhere or a read-only disk there is another start. Nor does it ask for what
 * opens the key file; false: it would have had to, and may be tried again when that is known.
 */
export async function tidy(context: VaultContext): Promise<boolean> {
  try {
    if (!(await isReadAlone(context.paths.keyFile, context.keyAccess))) return false
    if (!(await hasLeftovers(context))) return true
    const impatient = context.impatient()
    const database = await impatient.existing()
    if (database === null) return true
    try {
      if (!database.isReadOnly) await dropRetired(database, impatient)
    } finally {
      await database.close()
    }
  } catch (error) {
    // whoever needs the key or the database next reports what is wrong with it, and better
    if (!isMcplexerError(error)) throw error
  }
  return true
}

/**
 * Takes exactly those identities out of the key file that this vault has retired, or that a rotation of it announced,
 * added and never committed; in a file that others share the retired ones stay and are reported. With a list of scopes
 * that cannot be believed nothing is taken out, and nothing that only a newer copy of the database needs.
 */
export function dropRetired(database: VaultDatabase, context: VaultContext): Promise<DropOutcome> {
  return database.write((transaction) =>
    changeKeyFile(context, async (file) => {
      removeTemporaries(context)
      const state = await findVaultState(transaction)
      const manifest = await readManifest(transaction, file)
      if (state === null || manifest === null || !file.has(state.mac_key)) return { dropped: [], kept: [] }
      const used = await recipientsInUse(transaction, state)
      const { dropped, settled } = outcomeOf(file, manifest, state.vault_id, used)
      const isSame = dropped.length + settled.length === 0
      const left = isSame ? file : await file.dropIdentities(new Set(dropped), new Set(settled))
      const kept = left.identities
        .filter(({ recipient }) => manifest.retired.has(recipient) && !used.has(recipient))
        .map(({ recipient, line }) => ({ recipient, line }))
      left.wipe()
      return { dropped, kept }
    }),
  )
}

/** Pure: which identities nobody needs any more, and which of those that a rotation added are in use now. */
function outcomeOf(
  file: IdentityFile,
  manifest: Manifest,
  vaultId: string,
  used: ReadonlySet<string>,
): { dropped: string[]; settled: string[] } {
  const isOurs = file.belongsOnlyTo(vaultId)
  const isDroppable = ({ recipient, addedForVault }: Identity): boolean =>
    manifest.retired.has(recipient) ? isOurs : addedForVault === vaultId && manifest.pending.has(recipient)
  const dropped = file.identities.filter((identity) => !used.has(identity.recipient) && isDroppable(identity))
  // what a committed row needs is taken back by no older copy of the database
  const settled = file.identities.filter(
    ({ recipient, addedForVault }) => addedForVault === vaultId && used.has(recipient),
  )
  return { dropped: recipientsOf(dropped), settled: recipientsOf(settled) }
}

function recipientsOf(identities: readonly Identity[]): string[] {
  return identities.map(({ recipient }) => recipient)
}

async function recipientsInUse(
  transaction: VaultTransaction,
  state: { recipient: string; mac_key: string },
): Promise<Set<string>> {
  const rows = await listScopes(transaction)
  return new Set([state, ...rows].flatMap(({ recipient, mac_key }) => [recipient, mac_key]))
}

/** A look that needs no lock: one identity and no temporary file is what a finished rotation leaves. */
async function hasLeftovers(context: VaultContext): Promise<boolean> {
  if (temporaries(context).length > 0) return true
  return (await IdentityFile.count(context.paths.keyFile, context.keyAccess)) > 1
}

function removeTemporaries(context: VaultContext): void {
  for (const path of temporaries(context)) unlinkSync(path)
}

function temporaries({ paths: { keyFile } }: VaultContext): string[] {
  return [...temporariesOf(keyFile), ...temporariesOf(protectionFile(keyFile))]
}
