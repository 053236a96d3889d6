import { readFileSync, statSync } from 'node:fs'
import { bech32 } from '@scure/base'
import { VaultError } from '../../vault-error.ts'

/** What a key file is sealed for by plugins. None of it is a secret by itself, as a rule. */
export interface PluginKey {
  /** `AGE-PLUGIN-NAME-1…` each. */
  readonly identities: readonly string[]
  /** `age1name1…` each; none: it is sealed for the identities. */
  readonly recipients: readonly string[]
}

const MAX_FILE_BYTES = 256 * 1024
/** Nothing in it leads to another folder, or is read by a shell. */
const NAME = /^[a-z0-9+._-]+$/
const IDENTITY = /^age-plugin-(.+)-$/
const RECIPIENT = /^age1(.+)$/

/**
 * From an identity file as `age-plugin-NAME` makes it: comments and identities of plugins, one a line. Throws
 * VAULT_PLUGIN_INVALID, and never quotes what it has read.
 */
export function readPluginKey(identityFile: string, recipients: readonly string[]): PluginKey {
  const lines = textOf(identityFile).split('\n')
  const isIdentity = (line: string): boolean => line !== '' && !line.startsWith('#')
  const identities = lines.map((line) => line.trim()).filter(isIdentity)
  if (identities.length === 0) throw invalid(`${identityFile} holds no identity of an age plugin`)
  for (const [index, line] of lines.entries()) {
    if (isIdentity(line.trim()) && nameIn(line.trim(), IDENTITY) === null)
      throw invalid(`line ${index + 1} of ${identityFile} is no identity of an age plugin`)
  }
  for (const recipient of recipients) {
    if (nameIn(recipient, RECIPIENT) === null) throw invalid('a recipient is none of an age plugin')
  }
  return { identities, recipients }
}

/** Identities or recipients by the name of their plugin, `age-plugin-NAME`. Throws VAULT_PLUGIN_INVALID. */
export function byPlugin(encodings: readonly string[]): Map<string, string[]> {
  const groups = new Map<string, string[]>()
  for (const encoding of encodings) {
    const name = nameIn(encoding, IDENTITY) ?? nameIn(encoding, RECIPIENT)
    if (name === null) throw invalid('the key file is sealed for something that is no age plugin')
    groups.set(name, [...(groups.get(name) ?? []), encoding])
  }
  return groups
}

/** Null unless it is Bech32 with such a prefix, and the name in it may be part of the name of a program. */
function nameIn(encoding: string, shape: RegExp): string | null {
  try {
    const { prefix } = bech32.decode(encoding as `${string}1${string}`, false)
    const name = shape.exec(prefix)?.[1]
    return name !== undefined && NAME.test(name) ? name : null
  } catch {
    return null
  }
}

function textOf(path: string): string {
  try {
    if (statSync(path).size <= MAX_FILE_BYTES) return readFileSync(path, 'utf8')
  } catch {
    throw invalid(`the identity file ${path} cannot be read`)
  }
  throw invalid(`the identity file ${path} is too large`)
}

function invalid(message: string): VaultError {
  return new VaultError('VAULT_PLUGIN_INVALID', message, {
    hint: 'an identity is AGE-PLUGIN-NAME-1…, a recipient age1name1…; `age-plugin-yubikey --identity` prints both, for example',
  })
}
