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

/** Everything that decides which program gets the scope, and how. */
export function launchOf(server: Server, { authScopes }: Pick<Config, 'authScopes'>): LaunchGrant {
  const { command, args, cwd, env, inheritEnv, shield, readable, writable, network } = server
  const keys = authScopes.get(server.authScope ?? '')?.keys ?? []
  const publicKeys = keys.filter(({ isPublic }) => isPublic).map(({ name }) => name)
  const parts = { command, args, cwd, env, inheritEnv, shield, readable, writable, network, publicKeys }
  return { serverId: server.id, scopeId: server.authScope ?? '', launch: JSON.stringify(parts, null, 1) }
}

/**
 * A scope is granted to what its servers are started as when it is first used; whoever changes the configuration
 * afterwards, by a `git pull` for example, gets nothing by that. Throws AUTH_LAUNCH_CHANGED.
 */
export async function checkLaunch(server: Server, config: Config, grants: LaunchGrants): Promise<void> {
  const { scopeId, launch } = launchOf(server, config)
  const granted = await grants.of(scopeId)
  if (granted.length === 0) {
    const all = [...config.servers.values()].filter(({ authScope }) => authScope === scopeId)
    return grants.add(all.map((each) => launchOf(each, config)))
  }
  if (granted.some((grant) => grant.serverId === server.id && grant.launch === launch)) return
  const isNew = !granted.some(({ serverId }) => serverId === server.id)
  throw new AuthError(
    'AUTH_LAUNCH_CHANGED',
    isNew
      ? `server ${server.id} is new to auth scope ${scopeId}, and was not approved`
      : `server ${server.id} is started otherwise than when auth scope ${scopeId} was granted to it`,
    { hint: `mcplexer servers review ${server.id}` },
  )
}
