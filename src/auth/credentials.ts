import { hostEnvironment, log } from '../base/index.ts'
import type { AuthScope, Config, Server } from '../config/index.ts'
import { type Locks, lockError, type OpenedScope, type Vault } from '../vault/index.ts'
import { AuthError } from './auth-error.ts'
import { childEnvironment, revealValues } from './env-injection.ts'
import { checkLaunch, type LaunchGrants, needsGrant } from './launch.ts'
import { ScopeWatch } from './scope-watch.ts'

export interface Credentials {
  /** Everything the child gets. */
  readonly environment: Readonly<Record<string, string>>
  /** The part of it that nobody else may see: the keys of the scope that are not marked public. */
  readonly secrets: Readonly<Record<string, string>>
  /** Of all keys that were injected. */
  readonly names: readonly string[]
  /** Of the scope; null without one, or with nothing sealed in it. */
  readonly generation: number | null
}

/** The gateway's only source of credentials. */
export interface CredentialSource {
  /**
   * Opens the server's scope, now. Throws VAULT_LOCKED, be there a scope or not, AUTH_LAUNCH_CHANGED, AUTH_KEY_MISSING
   * or AUTH_SCOPE_EMPTY with the command that mends it, or what the vault throws; nothing may be started then.
   */
  forRoute(route: { server: Server }): Promise<Credentials>
  /** Changes with the content of the server's scope; null without a scope, or with nothing sealed in it. */
  generationOf(server: Server): Promise<number | null>
  /** A scope's content was changed by another process; told within about 100 ms. */
  onScopeChange(listener: (scopeId: string) => void): void
  /** What is locked now, whenever that has changed; told within about 100 ms. */
  onLock(listener: (locks: Locks) => void): void
  /** Throws VAULT_LOCKED when nothing may be asked of the server. */
  checkLock(server: Server): void
  close(): void
}

interface CredentialDeps {
  /** The configuration in force. */
  config(): Config
  /** Opened when the first server with a scope starts, not before. */
  vault(): Promise<Vault>
  /** Null: nothing is remembered, and nothing can be compared; then nothing runs without a shield. */
  readonly launches: LaunchGrants | null
}

export function openCredentials(deps: CredentialDeps): CredentialSource {
  const listeners: ((scopeId: string) => void)[] = []
  const lockListeners: ((locks: Locks) => void)[] = []
  let locks: Locks = { isLocked: false, revoked: new Set() }
  let watch: Promise<ScopeWatch> | null = null
  const watched = async (): Promise<ScopeWatch> => {
    watch ??= deps.vault().then((vault) =>
      ScopeWatch.start(vault, {
        onChange: (id) => listeners.map((listener) => listener(id)),
        onLock: (now) => {
          locks = now
          for (const listener of lockListeners) listener(now)
        },
      }),
    )
    watch.catch(() => {
      watch = null
    })
    return watch
  }
  const checkLock = ({ authScope }: Server): void => {
    const error = lockError(locks, authScope)
    if (error !== null) throw error
  }
  return {
    forRoute: async ({ server }) => {
      // without a scope a vault that cannot be read is in nobody's way
      await watched().catch(() => undefined)
      checkLock(server)
      return credentialsFor(server, deps, watched)
    },
    generationOf: async ({ authScope }) =>
      authScope === null ? null : (await watched()).generationOf(authScope),
    onScopeChange: (listener) => listeners.push(listener),
    onLock: (listener) => {
      lockListeners.push(listener)
      watched().catch(() => log.debug('the vault cannot be watched'))
    },
    checkLock,
    close: () => void watch?.then((started) => started.close()).catch(() => undefined),
  }
}

async function credentialsFor(
  server: Server,
  deps: CredentialDeps,
  watched: () => Promise<ScopeWatch>,
): Promise<Credentials> {
  // the one that was checked decides what is public, whatever takes its place meanwhile
  const config = deps.config()
  if (needsGrant(server)) await checkLaunch(server, config, deps.launches)
  if (server.authScope === null)
    return {
      environment: childEnvironment(hostEnvironment(), server, {}),
      secrets: {},
      names: [],
      generation: null,
    }
  const { authScope } = server
  const generation = (await watched()).generationOf(authScope)
  const opened = await (await deps.vault()).open(server.authScope)
  try {
    const scope = config.authScopes.get(server.authScope)
    requireKeys(server, scope, opened)
    const injected = opened === null ? {} : revealValues(opened.keys)
    const isSecret = ([name]: [string, string]) => !scope?.keys.some((key) => key.name === name && key.isPublic)
    return {
      environment: childEnvironment(hostEnvironment(), server, injected),
      secrets: Object.fromEntries(Object.entries(injected).filter(isSecret)),
      names: Object.keys(injected),
      generation,
    }
  } finally {
    opened?.wipe()
  }
}

function requireKeys(server: Server, scope: AuthScope | undefined, opened: OpenedScope | null): void {
  const id = server.authScope ?? ''
  const required = scope?.keys.filter((key) => key.isRequired) ?? []
  const missing = required.filter((key) => !opened?.keys.has(key.name)).map((key) => key.name)
  if (missing.length > 0) {
    throw new AuthError(
      'AUTH_KEY_MISSING',
      `server ${server.id} needs ${missing.join(', ')} in auth scope ${id}`,
      {
        hint: missing.map((name) => `mcplexer secret put ${id} ${name}`).join(' && '),
      },
    )
  }
  if (opened === null && required.length === 0 && scope?.keys.length === 0) {
    throw new AuthError(
      'AUTH_SCOPE_EMPTY',
      `server ${server.id} needs auth scope ${id}, and nothing is sealed in it`,
      {
        hint: `mcplexer secret put ${id} KEY`,
      },
    )
  }
}
