import type { MissingKey } from '../app/health.ts'
import type { App } from '../app.ts'
import { type ErrorCode, ID, namingConfiguration, nearest, visibleLine } from '../base/index.ts'
import type { AuthScope, Config } from '../config/index.ts'
import type { ScopeSummary } from '../vault/index.ts'
import { CliError } from './cli-error.ts'

/** A longer word may be a value. */
const MAX_SHOWN_ID = 40

/**
 * The scope of the file. Throws CLI_SCOPE_UNKNOWN with the nearest id, or the scope of the server that has this id,
 * and the lines that declare it.
 */
export function requireScope(config: Config, id: string): AuthScope {
  const scope = config.authScopes.get(id)
  if (scope !== undefined) return scope
  const shown = isShown(id) ? id : 'my-scope'
  const declaration = `declare it in ${config.path}:\n  auth_scopes:\n    - id: ${shown}`
  const server = config.servers.get(id)
  const meant = server?.authScope ?? nearest(id, config.authScopes.keys())
  const hint = meant === null ? declaration : `did you mean ${meant}? Or ${declaration}`
  throw new CliError('CLI_SCOPE_UNKNOWN', 'the configuration has no auth scope of this name', { hint })
}

/** For who types KEY first. Throws CLI_USAGE. */
export function refuseSwapped(config: Config, id: string, key: string): void {
  if (config.authScopes.has(id) || !config.authScopes.has(key)) return
  throw new CliError('CLI_USAGE', `${key} is an auth scope, and stands where the name of a key goes`, {
    hint: `mcplexer secret put ${key} KEY`,
  })
}

/** Who forgets KEY types the value in its place, where it would be shown, and stored in clear. Throws CLI_USAGE. */
export async function refuseValueAsName(key: string): Promise<void> {
  const { credentialKind } = await import('../config/index.ts')
  const kind = credentialKind(key)
  if (kind === null) return
  throw new CliError('CLI_USAGE', `KEY looks like ${kind}; the name of a variable goes there`, {
    hint: '`mcplexer secret put SCOPE NAME` asks for the value; this one is in your shell history now: replace it',
  })
}

/** Says what there is instead; what was typed is repeated only where it can be the id of a scope. */
export function unknownKey(scopeId: string, key: string, sealed: readonly ScopeSummary[]): CliError {
  const scope = sealed.find(({ id }) => id === scopeId)
  if (scope === undefined) {
    const ids = sealed.map(({ id }) => id)
    const shownId = isShown(scopeId) ? scopeId : 'this scope'
    const meant = ids.includes(key) ? `${key}, which comes before the key` : nearest(scopeId, ids)
    return notFound('CLI_SCOPE_UNKNOWN', `nothing is sealed under ${shownId}`, meant)
  }
  const names = scope.keys.map(({ name }) => name)
  return notFound('CLI_KEY_UNKNOWN', `${scopeId} holds no key of this name`, nearest(key, names))
}

/**
 * For who misspells it and would believe that it is done: CLI_SCOPE_UNKNOWN for what is neither in the file nor sealed.
 * Where nothing can be looked up, it passes.
 */
export async function refuseUnknownScope(app: App, id: string): Promise<void> {
  const config = await app.config().catch(() => null)
  const sealed = await app
    .vault()
    .then((vault) => vault.list())
    .catch(() => null)
  if (config === null || sealed === null) return
  const known = new Set([...config.authScopes.keys(), ...sealed.map((scope) => scope.id)])
  if (!known.has(id))
    throw notFound('CLI_SCOPE_UNKNOWN', 'there is no auth scope of this name', nearest(id, known))
}

function isShown(id: string): boolean {
  return id.length <= MAX_SHOWN_ID && ID.test(id)
}

function notFound(code: ErrorCode, message: string, meant: string | null): CliError {
  const hint = meant === null ? '`mcplexer secret list` shows what there is' : `did you mean ${meant}?`
  return new CliError(code, message, { hint })
}

/** What to type for each of them, under where the value is to be had; '' when nothing is missing. */
export function mendingCommands(missing: readonly MissingKey[]): string {
  return missing
    .flatMap(({ scope, name, obtain }) => [
      ...(obtain === null ? [] : [`# from ${visibleLine(obtain)}`]),
      namingConfiguration(`mcplexer secret put ${scope} ${name}`),
    ])
    .join('\n')
}
