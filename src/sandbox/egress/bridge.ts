import { closeSync } from 'node:fs'
import { hostEnvironment, log } from '../../base/index.ts'
import { tunnel } from './tunnel.ts'

/** Known to `main.ts`: the executable as the only way out of a network namespace. */
const BRIDGE_WORD = '__egress'
/** There is nobody else in the namespace. */
const PORT = 3128
const NOT_STARTED = 126
const PROXY_VARIABLES = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY']

/** What goes in front of a server's command line, within the namespace. */
export function bridgeCommand(socketPath: string): string[] {
  return [process.execPath, BRIDGE_WORD, socketPath]
}

/**
 * Starts the server with the standard variables that name a proxy, and passes what comes there to the socket, which
 * leads out of the namespace. Ends as the server does.
 */
export async function runBehindBridge([socketPath = '', ...command]: readonly string[]): Promise<number> {
  try {
    const { connect, createServer } = await import('node:net')
    const server = createServer({ allowHalfOpen: true }, (client) =>
      tunnel(client, connect({ path: socketPath, allowHalfOpen: true })),
    )
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(PORT, '127.0.0.1', resolve)
    })
    return await ended(command)
  } catch {
    log.error('the way to the listed hosts could not be opened; the server was not started')
    return NOT_STARTED
  }
}

async function ended(command: readonly string[]): Promise<number> {
  const child = Bun.spawn([...command], { stdio: ['inherit', 'inherit', 'inherit'], env: proxied() })
  // the gateway has to see it when the server closes its own
  for (const descriptor of [0, 1]) closeSync(descriptor)
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  await child.exited
  return child.exitCode ?? 1
}

/** Node's own `fetch` looks at them only when it is told to. */
function proxied(): Record<string, string | undefined> {
  const names = PROXY_VARIABLES.flatMap((name) => [name, name.toLowerCase()])
  const own = Object.fromEntries(names.map((name) => [name, `http://127.0.0.1:${PORT}`]))
  return { ...hostEnvironment(), ...own, NO_PROXY: '', no_proxy: '', NODE_USE_ENV_PROXY: '1' }
}
