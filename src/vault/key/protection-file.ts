import { replaceAtomically } from '../../base/index.ts'
import type { PluginKey } from './plugin/plugin-key.ts'
import { readPrivateFile } from './private-file.ts'

/** What opens a wrapped key file, or says where to get it; no secret, in a file beside it. */
export type Protection =
  | { readonly with: 'passphrase' }
  | { readonly with: 'keychain'; readonly name: string }
  | { readonly with: 'command'; readonly command: readonly string[] }
  | ({ readonly with: 'plugin' } & PluginKey)

const encoder = new TextEncoder()
const decoder = new TextDecoder()

export function protectionFile(keyFile: string): string {
  return `${keyFile}.protection`
}

/**
 * One JSON value on each line, the one to try first in front; none when there is no file, or none that can be read.
 * Throws VAULT_KEY_FILE_UNSAFE: what it names is run.
 */
export function readProtections(keyFile: string): Protection[] {
  const bytes = readPrivateFile(protectionFile(keyFile))
  if (bytes === null) return []
  try {
    return decoder
      .decode(bytes)
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line))
  } catch {
    return []
  }
}

export function writeProtections(keyFile: string, protections: readonly Protection[]): void {
  replaceAtomically(
    protectionFile(keyFile),
    encoder.encode(protections.map((each) => `${JSON.stringify(each)}\n`).join('')),
  )
}
