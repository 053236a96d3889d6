import { readFile } from 'node:fs/promises'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import type { z } from 'zod'
import { nearest, userHome } from '../base/index.ts'
import { ConfigError, type ConfigProblem } from './config-error.ts'
import { crossProblems, defaultNamespace } from './cross-checks.ts'
import {
  type AuthScope,
  type Config,
  type ConfigFile,
  fileSchema,
  knownKeysOf,
  NOT_SUPPORTED_YET,
  SECRET_KEYS,
  type Server,
  type ServerEntry,
} from './schema.ts'
import { scanForSecrets } from './secret-scan.ts'
import { YamlSource } from './source.ts'

/** Throws ConfigError: CONFIG_MISSING, CONFIG_UNREADABLE, CONFIG_INVALID or CONFIG_SECRET_FOUND. */
export async function loadConfig(path: string): Promise<Config> {
  let bytes: Uint8Array
  try {
    bytes = await readFile(path)
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    const message = isMissing ? 'there is no such file' : 'the file cannot be read'
    const hint = isMissing ? 'mcplexer init' : `chmod u+r '${path}'`
    throw new ConfigError(isMissing ? 'CONFIG_MISSING' : 'CONFIG_UNREADABLE', path, [
      { line: 1, column: 1, message, hint },
    ])
  }
  return parseConfig(bytes, path)
}

/** All problems are found before it throws. An empty file is a configuration without servers. */
export function parseConfig(bytes: Uint8Array, path: string): Config {
  const source = YamlSource.parse(bytes, path)
  const secrets = scanForSecrets(source)
  const parsed = fileSchema.safeParse(source.toJs(), { reportInput: false })
  const invalid = parsed.success
    ? crossProblems(parsed.data, source)
    : parsed.error.issues.flatMap((issue) => problemsOf(issue, source))
  if (secrets.length > 0) throw new ConfigError('CONFIG_SECRET_FOUND', path, [...secrets, ...invalid])
  if (invalid.length > 0 || !parsed.success) throw new ConfigError('CONFIG_INVALID', path, invalid)
  return configOf(parsed.data, bytes, path)
}

function problemsOf(issue: z.core.$ZodIssue, source: YamlSource): ConfigProblem[] {
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(issue.path, key, source))
  if (issue.code === 'invalid_key')
    return issue.issues.map(({ message }) => source.problemAt(issue.path, message))
  return [source.problemAt(issue.path, wordingOf(issue))]
}

function unknownKey(path: readonly PropertyKey[], key: string, source: YamlSource): ConfigProblem {
  const known = knownKeysOf(path)
  const isInScope = path[0] === 'auth_scopes'
  if (isInScope && SECRET_KEYS.has(key.toLowerCase())) return secretInFile(path, key, source)
  if (NOT_SUPPORTED_YET.has(key)) return source.problemAtKey(path, key, `${key} is not supported yet`)
  const meant = nearest(key, known)
  const message = meant === null ? 'unknown key' : `unknown key; did you mean ${meant}?`
  return source.problemAtKey(
    path,
    key,
    message,
    meant === null ? `allowed here: ${known.join(', ')}` : undefined,
  )
}

function secretInFile(path: readonly PropertyKey[], key: string, source: YamlSource): ConfigProblem {
  const command = 'mcplexer secret put SCOPE KEY'
  return source.problemAtKey(path, key, `values are never in this file; seal them with \`${command}\``, command)
}

/** zod's own words would be fine, but for those that quote the input. */
function wordingOf(issue: z.core.$ZodIssue): string {
  if (issue.path.at(-1) === 'type') return 'only type env works so far; header and oauth2 come later'
  if (issue.path.at(-1) === 'transport') return 'only transport stdio works so far; http comes later'
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${issue.expected}`
    case 'invalid_union':
      return 'a namespace has at most 20 small letters, digits, and single `_` or `-` between them'
    case 'too_big':
      return `at most ${issue.maximum}`
    case 'too_small':
      return issue.origin === 'string' ? 'must not be empty' : `at least ${issue.minimum}`
    default:
      return issue.message
  }
}

function configOf(file: ConfigFile, bytes: Uint8Array, path: string): Config {
  const absolute = resolve(path)
  return {
    path: absolute,
    digest: new Bun.CryptoHasher('sha256').update(bytes).digest('hex'),
    firstListWaitSec: file.first_list_wait_sec,
    authScopes: new Map(file.auth_scopes.map((scope) => [scope.id, scopeOf(scope)])),
    servers: new Map(file.downstream_servers.map((entry) => [entry.id, serverOf(entry, dirname(absolute))])),
  }
}

function scopeOf(scope: ConfigFile['auth_scopes'][number]): AuthScope {
  const keys = scope.keys.map(({ name, description = null, obtain = null, required }) => {
    return { name, description, obtain, isRequired: required }
  })
  return { id: scope.id, name: scope.name ?? null, type: scope.type, keys }
}

function serverOf(entry: ServerEntry, folder: string): Server {
  return {
    id: entry.id,
    transport: entry.transport,
    command: entry.command.includes('/') ? pathFrom(entry.command, folder) : entry.command,
    args: entry.args,
    env: entry.env,
    inheritEnv: entry.inherit_env,
    cwd: entry.cwd === 'client' ? entry.cwd : pathFrom(entry.cwd, folder),
    namespace: entry.tool_namespace ?? defaultNamespace(entry.id),
    authScope: entry.auth_scope ?? null,
    idleTimeoutSec: entry.idle_timeout_sec,
    startupTimeoutSec: entry.startup_timeout_sec,
    callTimeoutSec: entry.call_timeout_sec,
    isDisabled: entry.disabled,
  }
}

function pathFrom(path: string, folder: string): string {
  if (path === '~' || path.startsWith('~/')) return join(userHome(), path.slice(1))
  return isAbsolute(path) ? path : resolve(folder, path)
}
