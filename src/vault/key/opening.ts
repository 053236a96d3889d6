import { isMcplexerError } from '../../base/index.ts'
import { openThrough, openWithPassphrase } from '../cipher.ts'
import { VaultError } from '../vault-error.ts'
import type { KeyAccess, OpenedKey } from './access.ts'
import { keychainPassphrase } from './keychain.ts'
import { outputOf } from './passphrase-command.ts'
import { descriptorPassphrase } from './passphrase-descriptor.ts'
import { openedByPlugin } from './plugin/sealing.ts'
import { type Protection, protectionFile, readProtections } from './protection-file.ts'

const IS_NEXT_TRIED = new Set<string>([
  'VAULT_PASSPHRASE_WRONG',
  'VAULT_KEYCHAIN_FAILED',
  'VAULT_KEY_COMMAND_FAILED',
  'VAULT_OPEN_FAILED',
  'VAULT_PLUGIN_MISSING',
  'VAULT_PLUGIN_FAILED',
  'VAULT_PLUGIN_INVALID',
])
/** A stanza of a passphrase is the only one of its file (age-encryption.org/v1, "The scrypt recipient type"). */
const PASSPHRASE_HEAD = 'age-encryption.org/v1\n-> scrypt '

type Way = () => Promise<OpenedKey>

/**
 * Tries every way there is to open the bytes of a wrapped key file; one that fails is not the last. Throws
 * VAULT_KEY_PROTECTED when there is none, else what the first of them has failed with.
 */
export async function openAnyWay(keyFile: string, bytes: Uint8Array, access: KeyAccess): Promise<OpenedKey> {
  let failure: unknown = null
  for (const way of waysOf(keyFile, bytes, access)) {
    try {
      return await way()
    } catch (error) {
      if (!(isMcplexerError(error) && IS_NEXT_TRIED.has(error.code))) throw error
      // a file key that was handed over may be that of an older key file, which says nothing of the rest
      if (failure === null || isMcplexerError(failure, 'VAULT_OPEN_FAILED')) failure = error
    }
  }
  throw failure ?? (isForPassphrase(bytes) ? lockedKey(keyFile) : nameless(keyFile))
}

/** Whether there is a way that surely asks nobody; what a plugin may ask for is not known. */
export function opensAlone(keyFile: string, bytes: Uint8Array, access: KeyAccess): boolean {
  if (!isForPassphrase(bytes)) return access.fileKeys.length > 0
  const isAlone = (protection: Protection): boolean =>
    protection.with === 'keychain' || protection.with === 'command'
  return knownPassphrases(access).length > 0 || readProtections(keyFile).some(isAlone)
}

export function lockedKey(keyFile: string): VaultError {
  const isByPlugin = readProtections(keyFile).some((each) => each.with === 'plugin')
  return new VaultError(
    'VAULT_KEY_PROTECTED',
    `the key file ${keyFile} is protected by ${isByPlugin ? 'an age plugin' : 'a passphrase'}`,
    {
      hint: isByPlugin
        ? 'mcplexer unlock'
        : '`mcplexer unlock` opens it for running gateways; one command gets it by `MCPLEXER_AGE_PASSPHRASE_FD=3 mcplexer … 3< <(command that prints it)`',
    },
  )
}

function isForPassphrase(bytes: Uint8Array): boolean {
  return new TextDecoder().decode(bytes.subarray(0, PASSPHRASE_HEAD.length)) === PASSPHRASE_HEAD
}

function nameless(keyFile: string): VaultError {
  const message = `the key file ${keyFile} is not sealed by a passphrase, and ${protectionFile(keyFile)} names no age plugin`
  return new VaultError('VAULT_KEY_PROTECTED', message, {
    hint: `put back that file, or open the key by hand: age -d -i IDENTITY '${keyFile}'`,
  })
}

function waysOf(keyFile: string, bytes: Uint8Array, access: KeyAccess): Way[] {
  const protections = readProtections(keyFile)
  return isForPassphrase(bytes)
    ? passphraseWays(keyFile, bytes, access, protections)
    : pluginWays(bytes, access, protections)
}

function passphraseWays(
  keyFile: string,
  bytes: Uint8Array,
  access: KeyAccess,
  protections: readonly Protection[],
): Way[] {
  const isAsked = protections.length === 0 || protections.some((each) => each.with === 'passphrase')
  const { person } = access
  const sources: (() => Promise<string> | string)[] = [
    ...knownPassphrases(access).map((passphrase) => () => passphrase),
    ...protections.flatMap((protection) => {
      if (protection.with === 'keychain') return () => keychainPassphrase(protection.name)
      return protection.with === 'command' ? () => outputOf(protection.command) : []
    }),
    ...(person !== null && isAsked
      ? [async () => textOf(await person.askSecret(`Passphrase of ${keyFile}`))]
      : []),
  ]
  return sources.map((source) => async () => {
    const passphrase = await source()
    return { inner: await openKeyFile(keyFile, bytes, passphrase), opener: { passphrase } }
  })
}

async function openKeyFile(keyFile: string, bytes: Uint8Array, passphrase: string): Promise<Uint8Array> {
  try {
    return await openWithPassphrase(passphrase, bytes)
  } catch (error) {
    throw isMcplexerError(error, 'VAULT_PASSPHRASE_WRONG') ? misfit(keyFile) : error
  }
}

function misfit(keyFile: string): VaultError {
  return new VaultError('VAULT_PASSPHRASE_WRONG', `the passphrase does not open the key file ${keyFile}`, {
    hint: 'it is the one that was given to `mcplexer key protect`; a backup has one of its own',
  })
}

function pluginWays(bytes: Uint8Array, access: KeyAccess, protections: readonly Protection[]): Way[] {
  const plugins = protections.filter((each) => each.with === 'plugin')
  const [first] = plugins
  if (first === undefined) return []
  const given = access.fileKeys.map((fileKey) => async () => ({
    inner: await openThrough(async () => fileKey.slice(), bytes),
    opener: { plugin: first, fileKey: fileKey.slice() },
  }))
  return [...given, ...plugins.map((plugin) => () => openedByPlugin(plugin, bytes, access.person))]
}

function knownPassphrases(access: KeyAccess): string[] {
  const described = descriptorPassphrase()
  return [...access.passphrases, ...(described === null ? [] : [described])]
}

function textOf(answer: { reveal(): Uint8Array; wipe(): void }): string {
  const text = new TextDecoder().decode(answer.reveal())
  answer.wipe()
  return text
}
