import { openThrough, sealThrough } from '../../cipher.ts'
import { VaultError } from '../../vault-error.ts'
import type { OpenedKey } from '../access.ts'
import { checkWrap } from '../check-wrap.ts'
import type { Person } from '../person.ts'
import type { PluginKey } from './plugin-key.ts'
import { unwrapFileKey, wrapFileKey } from './wrap-file-key.ts'

/** Identities, opened by a plugin. Throws VAULT_PLUGIN_… and VAULT_OPEN_FAILED; the file key is copied, not taken. */
export async function openedByPlugin(
  plugin: PluginKey,
  sealed: Uint8Array,
  person: Person | null,
): Promise<OpenedKey> {
  let fileKey = new Uint8Array(0)
  const inner = await openThrough(async (stanzas) => {
    const found = await unwrapFileKey(plugin, stanzas, { person })
    if (found === null) throw stranger()
    fileKey = new Uint8Array(found)
    return found
  }, sealed)
  return { inner, opener: { plugin, fileKey } }
}

/**
 * Sealed by a plugin, and opened by it again: what only wraps would lock its owner out. Throws VAULT_PLUGIN_… and
 * VAULT_SEAL_FAILED.
 */
export async function sealedByPlugin(
  plugin: PluginKey,
  inner: Uint8Array,
  person: Person | null,
): Promise<{ sealed: Uint8Array; opener: OpenedKey['opener'] }> {
  const sealed = await sealThrough((fileKey) => wrapFileKey(plugin, fileKey, { person }), inner)
  const { inner: opened, opener } = await openedByPlugin(plugin, sealed, person)
  checkWrap(inner, opened)
  return { sealed, opener }
}

function stranger(): VaultError {
  return new VaultError('VAULT_PLUGIN_FAILED', 'the identities of the plugin do not open the key file', {
    hint: 'name the identity of the device that it was sealed for',
  })
}
