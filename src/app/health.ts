import { existsSync } from 'node:fs'
import type { App } from '../app.ts'
import type { AuthScope, Config, Server } from '../config/index.ts'
import type { ShieldKind } from '../sandbox/index.ts'
import type { Locks, ScopeSummary } from '../vault/index.ts'
import { keyState } from './key-state.ts'

/** How everything is, without starting or decrypting anything; what cannot be used is null. */
export interface Health {
  readonly config: Config | null
  readonly sealed: readonly ScopeSummary[] | null
  readonly key: string | null
  readonly isRecordUsable: boolean
  readonly servers: readonly ServerHealth[]
  readonly missing: readonly MissingKey[]
  /** Why the rest is null. */
  readonly errors: readonly unknown[]
}

export interface ServerHealth {
  readonly id: string
  readonly authScope: string | null
  /** The one that it is started behind on this machine. */
  readonly shield: string
  readonly state: string
}

export interface MissingKey {
  readonly scope: string
  readonly name: string
  readonly obtain: string | null
}

/** When one room fails, the others are still worth looking into. */
export async function healthOf(app: App): Promise<Health> {
  const errors: unknown[] = []
  const config = await attempt(() => app.config(), errors)
  const sealed = await attempt(async () => (await app.vault()).list(), errors)
  const locks = sealed === null ? null : await attempt(async () => (await app.vault()).locks(), errors)
  const key = await attempt(() => keyState(app, sealed), errors)
  const isRecordUsable = (await attempt(() => lookAtRecord(app), errors)) !== null
  const missing = missingKeys(config?.authScopes.values() ?? [], sealed ?? [])
  const needs: Needs = {
    incomplete: new Set(missing.map(({ scope }) => scope)),
    isKeyUsable: key !== null,
    locks,
    unapproved: await waitingForReview(app),
  }
  const { Sandbox } = await import('../sandbox/index.ts')
  const servers = serversOf(config, needs, await new Sandbox(app.paths).kind())
  return { config, sealed, key, isRecordUsable, servers, missing, errors }
}

/** Required keys that nothing is sealed for. */
export function missingKeys(scopes: Iterable<AuthScope>, sealed: readonly ScopeSummary[]): MissingKey[] {
  const sealedNames = new Map(sealed.map(({ id, keys }) => [id, new Set(keys.map(({ name }) => name))]))
  return [...scopes].flatMap(({ id, keys }) =>
    keys
      .filter(({ name, isRequired }) => isRequired && !sealedNames.get(id)?.has(name))
      .map(({ name, obtain }) => ({ scope: id, name, obtain })),
  )
}

async function attempt<T>(look: () => Promise<T>, errors: unknown[]): Promise<T | null> {
  try {
    return await look()
  } catch (error) {
    errors.push(error)
    return null
  }
}

async function lookAtRecord(app: App): Promise<true> {
  // looking creates nothing
  if (existsSync(app.paths.activity)) await app.usableActivity()
  return true
}

/** None where nothing is remembered: then nothing is compared either. */
async function waitingForReview(app: App): Promise<ReadonlySet<string>> {
  if (!existsSync(app.paths.activity)) return new Set()
  try {
    const launches = await (await app.review()).launches()
    return new Set(launches.map(({ serverId }) => serverId))
  } catch {
    return new Set()
  }
}

/** What keeps servers from being started. */
interface Needs {
  /** Scopes that required keys are missing from. */
  readonly incomplete: ReadonlySet<string>
  readonly isKeyUsable: boolean
  readonly locks: Locks | null
  /** Servers whose launch a person has to look at. */
  readonly unapproved: ReadonlySet<string>
}

function serversOf(config: Config | null, needs: Needs, kind: ShieldKind): ServerHealth[] {
  return [...(config?.servers.values() ?? [])].map((server) => {
    const { id, authScope } = server
    const shield = server.shield === 'off' ? 'off' : kind
    return { id, authScope, shield, state: stateOf(server, needs) }
  })
}

/** As far as it can be told without starting it. */
function stateOf({ id, isDisabled, command, authScope }: Server, needs: Needs): string {
  const { incomplete, isKeyUsable, locks, unapproved } = needs
  if (isDisabled) return 'disabled'
  if (locks?.isLocked) return 'locked'
  if (authScope !== null && locks?.revoked.has(authScope)) return 'its scope is revoked'
  if (authScope !== null && incomplete.has(authScope)) return 'keys are missing'
  if (authScope !== null && !isKeyUsable) return 'the key file is not usable'
  if (unapproved.has(id)) return 'waits for `servers review`'
  return Bun.which(command) === null ? 'command not found' : 'nothing is missing'
}
