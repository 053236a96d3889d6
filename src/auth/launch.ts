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

/** Of a scope that nobody has used. */
export function isGrantedByFirstUse({ authScope, shield }: Server, scopeId: string): boolean {
  return authScope === scopeId && shield !== 'off'
}

/** Everything that decides which program gets the scope, and how. */
export function launchOf(server: Server, { authScopes }: Pick<Config, 'authScopes'>): LaunchGrant {
  const { command, args, cwd, env, inheritEnv, shield, readable, writable, network } = server
  const keys = authScopes.get(server.authScope ?? '')?.keys ?? []
  const publicKeys = keys.filter(({ isPublic }) => isPublic).map(({ name }) => name)
  const parts = { command, args, cwd, env, inheritEnv, shield, readable, writable, network, publicKeys }
  return { serverId: server.id, scopeId: server.authScope ?? NO_SCOPE, launch: JSON.stringify(parts, null, 1) }
}

/**
 * A scope is granted to what its servers are started as when it is first used; whoever changes the configuration
 * afterwards, by a `git pull` for example, gets nothing by that. To run without a shield is never granted by first use.
 * `grants`: null where nothing can be remembered. Throws AUTH_LAUNCH_CHANGED.
 */
export async function checkLaunch(server: Server, config: Config, grants: LaunchGrants | null): Promise<void> {
  if (grants === null) {
    if (server.shield === 'off') throw unshielded(server)
    return
  }
  const { scopeId, launch } = launchOf(server, config)
  const granted = await grants.of(scopeId)
  if (granted.some((grant) => grant.serverId === server.id && grant.launch === launch)) return
  if (server.shield === 'off') throw unshielded(server)
  if (granted.length === 0) {
    const all = [...config.servers.values()].filter((each) => isGrantedByFirstUse(each, scopeId))
    return grants.add(all.map((each) => launchOf(each, config)))
  }
  const isNew = !granted.some(({ serverId }) => serverId === server.id)
  throw new AuthError(
    'AUTH_LAUNCH_CHANGED',
    isNew
      ? `server ${server.id} is new to auth scope ${scopeId}, and was not approved`
      : `server ${server.id} is started otherwise than when auth scope ${scopeId} was granted to it`,
    { hint: `mcplexer servers review ${server.id}` },
  )
}

function unshielded({ id }: Server): AuthError {
  return new AuthError(
    'AUTH_LAUNCH_CHANGED',
    `server ${id} is to run without a shield, where it could read the key file, and was not approved`,
    { hint: `mcplexer servers review ${id}` },
  )
}
