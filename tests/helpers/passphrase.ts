import { BINARY, type Run, type TempHome } from './temp-home.ts'

/** Puts `passphrase` on descriptor 3 of a command, and gives what is to be run and its environment. */
export function withPassphrase(home: TempHome, passphrase: string, command: readonly string[]) {
  const script = `exec "$@" 3<<'EOF'\n${passphrase}\nEOF`
  return {
    cmd: ['/bin/sh', '-c', script, 'sh', ...command],
    env: { ...home.env, MCPLEXER_AGE_PASSPHRASE_FD: '3' },
  }
}

export async function runWithPassphrase(
  home: TempHome,
  passphrase: string,
  args: readonly string[],
): Promise<Omit<Run, 'stdoutBytes'>> {
  const command = withPassphrase(home, passphrase, [BINARY, ...args])
  const child = Bun.spawn({ ...command, stdio: ['ignore', 'pipe', 'pipe'] })
  const [stdout, stderr] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ])
  return { exitCode: await child.exited, stdout, stderr }
}
