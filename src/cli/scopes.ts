import { nearest } from '../base/index.ts'
import type { AuthScope, Config } from '../config/index.ts'
import type { ScopeSummary } from '../vault/index.ts'
import { CliError } from './cli-error.ts'

/** The scope of the file. Throws CLI_SCOPE_UNKNOWN with the nearest id. */
export function requireScope(config: Config, id: string): AuthScope {
  const scope = config.authScopes.get(id)
  if (scope !== undefined) return scope
  const meant = nearest(id, config.authScopes.keys())
  const hint =
    meant === null
      ? `declare it in ${config.path} under auth_scopes, for example:\n  auth_scopes:\n    - id: my-scope`
      : `did you mean ${meant}?`
  throw new CliError('CLI_SCOPE_UNKNOWN', `${config.path} has no auth scope of this name`, { hint })
}

export interface MissingKey {
  readonly scope: string
  readonly name: string
  readonly obtain: string | null
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

/** The command for each of them, with where to get the value. */
export function mending(missing: readonly MissingKey[]): string {
  return missing
    .map(
      ({ scope, name, obtain }) =>
        `mcplexer secret put ${scope} ${name}${obtain === null ? '' : `   # ${obtain}`}`,
    )
    .join('\n')
}
