import { rmSync } from 'node:fs'
import { digestOf, randomText, replaceAtomically, type Secret } from '../../base/index.ts'
import { openWithPassphrase, sealWithPassphrase } from '../cipher.ts'
import type { VaultContext } from '../context.ts'
import { VaultError } from '../vault-error.ts'
import type { KeyOpener } from './access.ts'
import { missingFile } from './change-key-file.ts'
import { checkWrap } from './check-wrap.ts'
import { storeInKeychain } from './keychain.ts'
import { steadyOutputOf } from './passphrase-command.ts'
import { sealedByPlugin } from './plugin/sealing.ts'
import { readPrivateFile } from './private-file.ts'
import { type Protection, protectionFile, readProtections, writeProtections } from './protection-file.ts'
import { isWrapped } from './wrap.ts'

export type Protecting = Protection | { readonly with: 'none' }

export interface KeyDescription {
  readonly path: string
  readonly protection: Protecting['with']
  readonly recipients: readonly string[]
}

const decoder = new TextDecoder()

/** Public halves only. Opens the key file, which may ask. */
export async function describeKey(context: VaultContext): Promise<KeyDescription> {
  const { keyFile: path } = context.paths
  const bytes = readPrivateFile(path)
  const file = await context.keyFile()
  if (bytes === null || file === null) throw missingFile(context)
  const protection = isWrapped(bytes) ? (readProtections(path)[0]?.with ?? 'passphrase') : 'none'
  const recipients = file.identities.map(({ recipient }) => recipient)
  file.wipe()
  return { path, protection, recipients }
}

/**
 * Wraps the key file anew, or lays it open. At every instant what stands beside the key file names a way to open it:
 * the new way is written down in front of the old one, then the key file changes, then the old way goes.
 */
export async function protectKey(
  context: VaultContext,
  protecting: Protecting,
  newPassphrase: () => Promise<Secret>,
): Promise<void> {
  const { keyFile: path } = context.paths
  await context.whileKeyFileLocked(async () => {
    const inner = await innerOf(context)
    try {
      if (protecting.with === 'none') {
        replaceAtomically(path, inner)
        rmSync(protectionFile(path), { force: true })
        return
      }
      const { sealed, opener } = await sealedAs(context, protecting, inner, newPassphrase)
      writeProtections(path, [protecting, ...readProtections(path)])
      replaceAtomically(path, sealed)
      writeProtections(path, [protecting])
      context.keyAccess.remember(digestOf(sealed), { inner, opener })
    } finally {
      inner.fill(0)
    }
  })
}

/** The identities themselves, whatever protects them; the caller wipes them. */
export async function innerOf(context: VaultContext): Promise<Uint8Array> {
  const file = await context.keyFile()
  if (file === null) throw missingFile(context)
  const inner = file.copyOfText()
  file.wipe()
  return inner
}

async function sealedAs(
  { keyAccess }: VaultContext,
  protection: Protection,
  inner: Uint8Array,
  newPassphrase: () => Promise<Secret>,
): Promise<{ sealed: Uint8Array; opener: KeyOpener }> {
  if (protection.with === 'plugin') return sealedByPlugin(protection, inner, keyAccess.person)
  const passphrase = await passphraseFor(protection, newPassphrase)
  return { sealed: await sealedAndOpened(passphrase, inner), opener: { passphrase } }
}

/** Sealed, and found to open again. */
export async function sealedAndOpened(passphrase: string, inner: Uint8Array): Promise<Uint8Array> {
  const sealed = await sealWithPassphrase(passphrase, inner)
  checkWrap(inner, await openWithPassphrase(passphrase, sealed))
  return sealed
}

type ByPassphrase = Exclude<Protection, { with: 'plugin' }>

async function passphraseFor(protection: ByPassphrase, ask: () => Promise<Secret>): Promise<string> {
  if (protection.with === 'command') return steadyOutputOf(protection.command)
  if (protection.with === 'keychain') {
    const passphrase = randomText()
    await storeInKeychain(protection.name, passphrase)
    return passphrase
  }
  return newPassphraseIn(await ask())
}

/** Wipes the answer. An empty one comes from a script whose command has failed. */
export function newPassphraseIn(answer: Secret): string {
  const passphrase = decoder.decode(answer.reveal())
  answer.wipe()
  if (passphrase === '') throw new VaultError('VAULT_PASSPHRASE_WRONG', 'an empty passphrase protects nothing')
  return passphrase
}
