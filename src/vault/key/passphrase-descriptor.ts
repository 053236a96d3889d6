import { hostEnvironment, readDescriptor } from '../../base/index.ts'
import { VaultError } from '../vault-error.ts'

const MAX_PASSPHRASE_BYTES = 4096
let descriptorText: string | null = null

/** From MCPLEXER_AGE_PASSPHRASE_FD, or null; read once, as a pipe cannot be read again. Throws VAULT_KEY_PROTECTED. */
export function descriptorPassphrase(): string | null {
  const descriptor = Number(hostEnvironment()['MCPLEXER_AGE_PASSPHRASE_FD'] || Number.NaN)
  if (descriptorText !== null || !Number.isInteger(descriptor)) return descriptorText
  try {
    const bytes = readDescriptor(descriptor, MAX_PASSPHRASE_BYTES)
    descriptorText = new TextDecoder().decode(bytes).replace(/\r?\n$/, '')
    bytes.fill(0)
    return descriptorText
  } catch {
    throw new VaultError('VAULT_KEY_PROTECTED', `MCPLEXER_AGE_PASSPHRASE_FD=${descriptor} cannot be read`, {
      hint: 'open it for this program: mcplexer … 3< <(command that prints the passphrase)',
    })
  }
}
