import { digestOf } from '../../base/index.ts'
import { sealWithPassphrase, unarmored } from '../cipher.ts'
import type { KeyAccess } from './access.ts'
import { lockedKey, openAnyWay, opensAlone } from './opening.ts'
import { sealedByPlugin } from './plugin/sealing.ts'
import { readPrivateFile } from './private-file.ts'

const BINARY = 'age-encryption.org/v1'
const ARMORED = '-----BEGIN AGE ENCRYPTED FILE-----'

/** Whether these bytes of a key file are an age file around the identities, as `age -p` or a plugin makes it. */
export function isWrapped(bytes: Uint8Array): boolean {
  const head = new TextDecoder().decode(bytes.subarray(0, ARMORED.length))
  return head.startsWith(BINARY) || head.startsWith(ARMORED)
}

/** The same of a key file; false when there is none. Throws VAULT_KEY_FILE_UNSAFE. */
export function isKeyWrapped(path: string): boolean {
  const bytes = readPrivateFile(path)
  const isInWrap = bytes !== null && isWrapped(bytes)
  bytes?.fill(0)
  return isInWrap
}

/**
 * The identities of a wrapped key file, as text. The access remembers what it opened, by the digest of the wrapped
 * bytes: scrypt takes a good part of a second, a plugin may want a touch. The caller wipes its copy. Throws
 * VAULT_KEY_PROTECTED, VAULT_PASSPHRASE_WRONG or VAULT_PLUGIN_….
 */
export async function unwrapped(path: string, bytes: Uint8Array, access: KeyAccess): Promise<Uint8Array> {
  const inner = await access.openOnce(digestOf(bytes), async () =>
    openAnyWay(path, await unarmored(bytes), access),
  )
  if (inner === null) throw lockedKey(path)
  return inner
}

/** The identities wrapped again, by what has opened them and by nothing else that was offered. */
export async function wrapped(inner: Uint8Array, access: KeyAccess): Promise<Uint8Array> {
  const { opener } = access
  if (opener === null) throw new TypeError('a key file is written that was never opened')
  const wrap =
    'passphrase' in opener
      ? { sealed: await sealWithPassphrase(opener.passphrase, inner), opener }
      : await sealedByPlugin(opener.plugin, inner, access.person)
  access.remember(digestOf(wrap.sealed), { inner, opener: wrap.opener })
  return wrap.sealed
}

/** Whether reading the key file asks nobody for anything. Throws VAULT_KEY_FILE_UNSAFE. */
export async function isReadAlone(path: string, access: KeyAccess): Promise<boolean> {
  const bytes = readPrivateFile(path)
  if (bytes === null || !isWrapped(bytes)) {
    bytes?.fill(0)
    return true
  }
  const known = access.recall(digestOf(bytes))
  known?.fill(0)
  return known !== null || opensAlone(path, await unarmored(bytes), access)
}
