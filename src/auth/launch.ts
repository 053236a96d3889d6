import type { Config, Server } from '../config/index.ts'
import { AuthError } from './auth-error.ts'

/** One server, and what it is started as. */
export interface LaunchGrant {
  readonly serverId: string
  readonly scopeId: string
  /** JSON: command, arguments, folder, environment. */
  readonly launch: string
}

/** What is remembered of launches; `app.ts` passes the one over the activity database. */
export interface LaunchGrants {
  of(scopeId: string): Promise<LaunchGrant[]>
  add(grants: readonly LaunchGrant[]): Promise<void>
}

/** What servers without an auth scope are granted: to run without a shield. */
const NO_SCOPE = ''

/** Whether the server gets something that a person has to have agreed to: a scope, or all that its user can read. */
export function needsGrant({ authScope, shield }: Server): boolean {
  return authScope !== null || shield === 'off'
}

/** Everything that decides which program gets the scope, and how. */
export function launchOf(server: Server, { authScopes }: Pick<Config, 'authScopes'>): LaunchGrant {
  const { command, args, cwd, env, inheritEnv, shield, readable, writable, network } = server
  const keys = authScopes.get(server.authScope ?? '')?.keys ?? []
  const publicKeys = keys.filter(({ isPublic }) => isPublic).map(({ name }) => name)
  const parts = { command, args, cwd, env, inheritEnv, shield, readable, writable, network, publicKeys }
  return { serverId: server.id, scopeId: server.authScope ?? NO_SCOPE, launch: JSON.stringify(parts, null, 1) }
}

/** What is said of a launch that needs a grant; the last three are refused until a person has looked at it. */
type LaunchVerdict = 'granted' | 'first use' | 'changed' | 'new' | 'unshielded'

/**
 * Pure: the rule of approval, by all that was `granted` of the server's scope. A scope is granted to what its servers
 * are started as when it is first used; whoever changes the configuration afterwards, by a `git pull` for example, gets
 * nothing by that. To run without a shield is never granted by first use.
 */
export function verdictOn(
  server: Server,
  config: Pick<Config, 'authScopes'>,
  granted: readonly LaunchGrant[],
): LaunchVerdict {
  const { launch } = launchOf(server, config)
  const own = granted.filter(({ serverId }) => serverId === server.id)
  if (own.some((grant) => grant.launch === launch)) return 'granted'
  if (server.shield === 'off') return 'unshielded'
  if (granted.length === 0) return 'first use'
  return own.length === 0 ? 'new' : 'changed'
}

/** Whether it starts without anybody being asked. */
export function isAllowed(verdict: LaunchVerdict): boolean {
  return verdict === 'granted' || verdict === 'first use'
}

/** `grants`: null where nothing can be remembered. A first use is remembered. Throws AUTH_LAUNCH_CHANGED. */
export async function checkLaunch(server: Server, config: Config, grants: LaunchGrants | null): Promise<void> {
  if (grants === null) {
    if (server.shield === 'off') throw refused(server, 'unshielded')
    return
  }
  const { scopeId } = launchOf(server, config)
  const verdict = verdictOn(server, config, await grants.of(scopeId))
  if (verdict === 'first use') return grants.add(firstUse(scopeId, config))
  if (!isAllowed(verdict)) throw refused(server, verdict)
}

/** All servers of the scope: what is in the file when it is first used is what its owner has seen. */
function firstUse(scopeId: string, config: Config): LaunchGrant[] {
  return [...config.servers.values()]
    .filter(({ authScope, shield }) => authScope === scopeId && shield !== 'off')
    .map((each) => launchOf(each, config))
}

function refused({ id, authScope }: Server, verdict: LaunchVerdict): AuthError {
  const why =
    verdict === 'unshielded'
      ? 'is to run without a shield, where it could read the key file, and was not approved'
      : verdict === 'new'
        ? `is new to auth scope ${authScope}, and was not approved`
        : `is started otherwise than when auth scope ${authScope} was granted to it`
  return new AuthError('AUTH_LAUNCH_CHANGED', `server ${id} ${why}`, {
    hint: `mcplexer servers review ${id}`,
  })
}
