import { hostEnvironment, Secret } from '../base/index.ts'
import { descriptorPassphrase } from '../vault/index.ts'
import { CliError } from './cli-error.ts'
import { askSecret, isInteractive } from './prompt.ts'

/** Asked for, or read from MCPLEXER_AGE_PASSPHRASE_FD. Throws CLI_NEEDS_TERMINAL. */
export async function passphrase(question: string): Promise<Secret> {
  const given = descriptorPassphrase()
  if (given !== null) return Secret.fromText(given)
  if (isInteractive()) return askSecret(question)
  throw new CliError('CLI_NEEDS_TERMINAL', 'a passphrase is asked for, and there is no terminal', {
    hint: 'MCPLEXER_AGE_PASSPHRASE_FD=3 mcplexer … 3< <(command that prints it)',
  })
}

/** Asked for twice. Throws CLI_VALUE_UNREADABLE when the two differ. */
export async function newPassphrase(question: string): Promise<Secret> {
  const first = await passphrase(question)
  if (hostEnvironment()['MCPLEXER_AGE_PASSPHRASE_FD']) return first
  const second = await passphrase(`${question}, again`)
  const isSame = first.equals(second)
  second.wipe()
  if (isSame && first.byteLength > 0) return first
  first.wipe()
  throw new CliError('CLI_VALUE_UNREADABLE', 'the two are not the same, or empty; nothing was changed')
}
