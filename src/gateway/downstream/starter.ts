import type { AuditLog } from '../../audit/index.ts'
import type { CredentialSource, Credentials } from '../../auth/index.ts'
import { isMcplexerError, log, type McplexerError } from '../../base/index.ts'
import type { Server } from '../../config/index.ts'
import type { Sandbox, Shield, ShieldWish } from '../../sandbox/index.ts'
import { type ClientDescription, clientLabel, type Era } from '../eras/client.ts'
import { GatewayError } from '../gateway-error.ts'
import type { LeakGuard } from '../guard/leak-guard.ts'
import type { NotificationMessage } from '../wire/message.ts'
import type { Reachable } from './caller.ts'
import { Connection, type ConnectionEvents } from './connection.ts'

import { withinStartupTimeout } from './deadline.ts'
import { shakeHands } from './handshake.ts'
import { ServerLink } from './link.ts'
import type { Wanted } from './pool-entry.ts'
import { type Launch, type ServerProcess, spawnServer } from './process.ts'
import { ServerStderr } from './stderr.ts'
import type { Watchdog } from './watchdog.ts'

export interface StarterDeps {
  readonly credentials: CredentialSource
  readonly watchdog: Watchdog
  readonly guard: LeakGuard
  readonly sandbox: Sandbox
  readonly audit: AuditLog
}

export interface Start extends Wanted {
  readonly signal: AbortSignal
  /** It has failed; `gone` resolves when its process has ended, which the error is not kept back for. */
  onEnding(gone: Promise<void>): void
  /** Who has caused it; null when nobody has. */
  readonly home: Reachable | null
}

/**
 * From a configured server to a link that is ready: opens its scope, starts the process, shakes hands. The scope is
 * open just for the spawn. On any error, and when `signal` fires, what was started is being ended.
 */
export async function startServer(start: Start, deps: StarterDeps): Promise<ServerLink> {
  const first = start.knownEra ?? start.client.era
  try {
    return await startIn(first, start, deps)
  } catch (error) {
    // the question itself has killed it, which `initialize` never does
    if (first === 'modern' && error instanceof DiedOfTheQuestion) return startIn('legacy', start, deps)
    throw error
  }
}

class DiedOfTheQuestion extends GatewayError {}

async function startIn(
  era: Era,
  { server, client, clientFolder, signal, onEnding, home }: Start,
  deps: StarterDeps,
): Promise<ServerLink> {
  await deps.watchdog.ready()
  const { shield, credentials, letGo } = await prepared(server, client, deps)
  const stderr = new ServerStderr(server.id, (text) => deps.guard.text(server.id, text))
  const folder = server.cwd === 'client' ? clientFolder : server.cwd
  const child = spawnGuarded({ server, folder, environment: credentials.environment }, deps, shield, letGo)
  const stderrRead = stderr.read(child.stderr)
  let link: ServerLink | null = null
  let starting = home
  const connection = new Connection(
    server,
    child,
    deps.guard,
    eventsOf(
      () => link,
      () => starting,
    ),
  )
  void Promise.all([connection.ended, stderrRead]).then(() => setTimeout(letGo, LAST_CALLS_MS).unref())
  try {
    const hands = shakeHands(connection, client, era)
    link = new ServerLink(connection, await withinStartupTimeout(server, hands, 'it was not ready', signal))
    // the session may end long before the server
    starting = null
    return link
  } catch (error) {
    const hasDied = connection.endReason !== null && isMcplexerError(error, 'SERVER_ENDED')
    const isAskedAgain = hasDied && era === 'modern'
    const gone = connection.stop()
    onEnding(gone)
    if (isAskedAgain) await gone
    await Promise.race([stderrRead, Bun.sleep(LAST_WORDS_MS)])
    throw startError(server, error, stderr.lastLines(), isAskedAgain)
  }
}

interface Prepared {
  readonly shield: Shield
  readonly credentials: Credentials
  /** The guard looks for the values no longer. */
  letGo(): void
}

/** What it is started with and behind; on record, and durably so before a value of a scope is given away. */
async function prepared(
  server: Server,
  client: ClientDescription,
  { sandbox, credentials, audit, guard }: StarterDeps,
): Promise<Prepared> {
  const { id, authScope } = server
  const scope = authScope === null ? {} : { scope: authScope }
  const entry = () => {
    const label = guard.withoutValues(clientLabel(client))
    return { kind: 'start', action: 'start', client: label, server: id, ...scope } as const
  }
  let letGo = (): void => undefined
  try {
    audit.check()
    // first, so that nothing is opened for a server that cannot be started
    const shield = await sandbox.shieldFor(shieldWish(server, guard))
    const opened = await credentials.forRoute({ server })
    letGo = guard.hold(authScope ?? '', opened.secrets)
    const { names, generation } = opened
    const injected = authScope === null ? {} : { keys: names, ...(generation === null ? {} : { generation }) }
    const record = { ...entry(), ...injected, decision: 'allowed', shield: shield.kind } as const
    if (authScope === null) audit.record(record)
    else await audit.recordNow(record)
    return { shield, credentials: opened, letGo }
  } catch (error) {
    letGo()
    audit.recordNotDone(entry(), error)
    throw error
  }
}

function shieldWish(server: Server, guard: LeakGuard): ShieldWish {
  const { id, authScope, shield, readable, writable, network, requiresShield } = server
  const onRefused = (target: string) =>
    log.warn(`${id} wanted to reach ${guard.text(id, target)}, which is not in its \`network\``)
  return { id, authScope, level: shield, readable, writable, network, isRequired: requiresShield, onRefused }
}

function spawnGuarded(
  launch: Launch,
  { watchdog }: StarterDeps,
  shield: Shield,
  onFailure: () => void,
): ServerProcess {
  try {
    return spawnServer(launch, watchdog, shield)
  } catch (error) {
    onFailure()
    throw error
  }
}

/** For what it has said on stderr and was not read yet. */
const LAST_WORDS_MS = 100

/** Calls that its end has broken off are still being put on record. */
const LAST_CALLS_MS = 1000

/** `starting`: who has caused the start, until the link is ready. */
function eventsOf(link: () => ServerLink | null, starting: () => Reachable | null): ConnectionEvents {
  return {
    onNotification: (notification) => {
      const ready = link()
      return ready === null ? tellEarly(notification, starting()) : ready.notified(notification)
    },
    home: () => [...(link()?.listeners ?? [])][0] ?? null,
    isShared: () => (link()?.listeners.size ?? 0) > 1,
    onEnded: () => link()?.ended(),
  }
}

/**
 * Until the link is ready a server may log, and all else concerns nobody, as it is still to be asked for. MCP
 * 2025-11-25, "Lifecycle: Initialization". A slow reader misses it, and holds up no start.
 */
function tellEarly(notification: NotificationMessage, home: Reachable | null): void {
  if (notification.method === 'notifications/message' && home?.room() === undefined)
    void home?.notify(notification)
}

const STRICT_HINT =
  'its shield is strict: of your home and /tmp it sees its program and what `readable` names, so its script belongs there'

function startError(server: Server, error: unknown, lastLines: string, isAskedAgain: boolean): McplexerError {
  const reason = isMcplexerError(error) ? error.message : 'an unexpected error'
  const said = lastLines === '' ? 'it said nothing on stderr' : `its last words on stderr:\n${lastLines}`
  const ofShield = server.shield === 'strict' ? STRICT_HINT : undefined
  const hint = isMcplexerError(error, 'SERVER_START_FAILED') ? error.hint : ofShield
  const Kind = isAskedAgain ? DiedOfTheQuestion : GatewayError
  return new Kind('SERVER_START_FAILED', `server ${server.id} did not start: ${reason}; ${said}`, {
    ...(hint === undefined ? {} : { hint }),
  })
}
