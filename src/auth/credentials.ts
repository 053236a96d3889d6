import { hostEnvironment, log } from '../base/index.ts'
import type { AuthScope, Config, Server } from '../config/index.ts'
import { type Locks, lockError, type OpenedScope, UNLOCKED, type Vault } from '../vault/index.ts'
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
  /** Everything is locked in this process, or no longer, whatever the vault says. Gives whether it was before. */
  holdLock(isHeld: boolean): boolean
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
  return new VaultCredentials(deps)
}

class VaultCredentials implements CredentialSource {
  readonly #deps: CredentialDeps
  readonly #onScopeChange: ((scopeId: string) => void)[] = []
  readonly #onLock: ((locks: Locks) => void)[] = []
  /** As the vault says. */
  #written = UNLOCKED
  #isHeld = false
  #locks = this.#written
  /** Null until somebody needs it, and after it could not be started. */
  #watch: Promise<ScopeWatch> | null = null

  constructor(deps: CredentialDeps) {
    this.#deps = deps
  }

  async forRoute({ server }: { server: Server }): Promise<Credentials> {
    // without a scope a vault that cannot be read is in nobody's way
    await this.#watched().catch(() => undefined)
    this.checkLock(server)
    return credentialsFor(server, this.#deps, () => this.#watched())
  }

  async generationOf({ authScope }: Server): Promise<number | null> {
    return authScope === null ? null : (await this.#watched()).generationOf(authScope)
  }

  onScopeChange(listener: (scopeId: string) => void): void {
    this.#onScopeChange.push(listener)
  }

  onLock(listener: (locks: Locks) => void): void {
    this.#onLock.push(listener)
    this.#watched().catch(() => log.debug('the vault cannot be watched'))
  }

  checkLock({ authScope }: Server): void {
    const error = lockError(this.#locks, authScope)
    if (error !== null) throw error
  }

  holdLock(isHeld: boolean): boolean {
    const wasHeld = this.#isHeld
    this.#isHeld = isHeld
    if (wasHeld !== isHeld) this.#tellLocks()
    return wasHeld
  }

  close(): void {
    void this.#watch?.then((started) => started.close()).catch(() => undefined)
  }

  async #watched(): Promise<ScopeWatch> {
    this.#watch ??= this.#deps.vault().then((vault) =>
      ScopeWatch.start(vault, {
        onChange: (id) => {
          for (const listener of this.#onScopeChange) listener(id)
        },
        onLock: (locks) => {
          this.#written = locks
          this.#tellLocks()
        },
      }),
    )
    this.#watch.catch(() => {
      this.#watch = null
    })
    return this.#watch
  }

  #tellLocks(): void {
    this.#locks = { ...this.#written, isLocked: this.#written.isLocked || this.#isHeld }
    for (const listener of this.#onLock) listener(this.#locks)
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
