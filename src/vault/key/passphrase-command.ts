import { VaultError } from '../vault-error.ts'

const LIMIT_MS = 60_000

/** What such a command as `op read …` prints, without its last newline. Throws VAULT_KEY_COMMAND_FAILED. */
export async function outputOf(command: readonly string[]): Promise<string> {
  try {
    const child = Bun.spawn([...command], { stdio: ['ignore', 'pipe', 'inherit'], timeout: LIMIT_MS })
    const text = await new Response(child.stdout).text()
    if ((await child.exited) === 0 && text !== '') return text.replace(/\r?\n$/, '')
  } catch {
    // not found, for example
  }
  throw new VaultError(
    'VAULT_KEY_COMMAND_FAILED',
    `${command[0]} did not give the passphrase of the key file`,
    {
      hint: 'run it by hand to see why; `mcplexer key protect` sets another one',
    },
  )
}
