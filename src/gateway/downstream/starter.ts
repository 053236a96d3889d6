import type { CredentialSource } from '../../auth/index.ts'
import { isMcplexerError, type McplexerError } from '../../base/index.ts'
import type { Server } from '../../config/index.ts'
import { GatewayError } from '../gateway-error.ts'
import { maskValues } from '../redact.ts'
import type { ClientPeer } from './client-peer.ts'
import { Connection, type ConnectionEvents } from './connection.ts'
import { withinStartupTimeout } from './deadline.ts'
import { initialize } from './handshake.ts'
import { spawnServer } from './process.ts'
import { ServerStderr } from './stderr.ts'
import type { Watchdog } from './watchdog.ts'

export interface StarterDeps {
  readonly credentials: CredentialSource
  readonly watchdog: Watchdog
  readonly peer: ClientPeer
  /** The folder that the client app runs in, for `cwd: client`. */
  readonly clientFolder: string
}

export interface StartedServer {
  readonly connection: Connection
  readonly hasTools: boolean
}

/**
 * From a configured server to a connection that is ready: opens its scope, starts the process, shakes hands. The
 * scope is open just for the spawn. On any error, and when `signal` fires, nothing keeps running.
 */
export async function startServer(
  server: Server,
  deps: StarterDeps,
  events: ConnectionEvents,
  signal: AbortSignal,
): Promise<StartedServer> {
  const credentials = await deps.credentials.forRoute({ server })
  const stderr = new ServerStderr(server.id, maskValues(Object.values(credentials.injected)))
  const folder = server.cwd === 'client' ? deps.clientFolder : server.cwd
  const child = spawnServer({ server, folder, environment: credentials.environment }, deps.watchdog)
  const stderrRead = stderr.read(child.stderr)
  const connection = new Connection(server, child, deps.peer, events)
  try {
    const { hasTools } = await withinStartupTimeout(
      server,
      initialize(connection, deps.peer),
      'it was not ready',
      signal,
    )
    return { connection, hasTools }
  } catch (error) {
    await connection.stop()
    await Promise.race([stderrRead, Bun.sleep(100)])
    throw startError(server, error, stderr.lastLines())
  }
}

function startError(server: Server, error: unknown, lastLines: string): McplexerError {
  const reason = isMcplexerError(error) ? error.message : 'an unexpected error'
  const said = lastLines === '' ? 'it said nothing on stderr' : `its last words on stderr:\n${lastLines}`
  const hint = isMcplexerError(error) && error.code === 'SERVER_START_FAILED' ? error.hint : undefined
  return new GatewayError('SERVER_START_FAILED', `server ${server.id} did not start: ${reason}; ${said}`, {
    ...(hint === undefined ? {} : { hint }),
  })
}
