import { readSync } from 'node:fs'
import { hostEnvironment } from '../../base/index.ts'
import { VaultError } from '../vault-error.ts'

const MAX_PASSPHRASE_BYTES = 4096
let descriptorText: string | null = null

/** From MCPLEXER_AGE_PASSPHRASE_FD, or null; read once, as a pipe cannot be read again. Throws VAULT_KEY_PROTECTED. */
export function descriptorPassphrase(): string | null {
  const descriptor = Number(hostEnvironment()['MCPLEXER_AGE_PASSPHRASE_FD'] || Number.NaN)
  if (descriptorText !== null || !Number.isInteger(descriptor)) return descriptorText
  const buffer = new Uint8Array(MAX_PASSPHRASE_BYTES)
  try {
    let size = 0
    for (let read = -1; read !== 0 && size < buffer.length; size += read)
      read = readSync(descriptor, buffer, size, buffer.length - size, null)
    descriptorText = new TextDecoder().decode(buffer.subarray(0, size)).replace(/\r?\n$/, '')
    return descriptorText
  } catch {
    throw new VaultError('VAULT_KEY_PROTECTED', `MCPLEXER_AGE_PASSPHRASE_FD=${descriptor} cannot be read`, {
      hint: 'open it for this program: mcplexer … 3< <(command that prints the passphrase)',
    })
  } finally {
    buffer.fill(0)
  }
}
