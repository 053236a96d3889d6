import type { Stats } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { userHome } from '../base/index.ts'
import { ConfigError, type ConfigProblem } from './config-error.ts'
import { crossProblems, defaultNamespace } from './cross-checks.ts'
import { doubtfulIn } from './doubtful.ts'
import {
  type AuthScope,
  type Config,
  type ConfigFile,
  fileSchema,
  type Server,
  type ServerEntry,
} from './schema.ts'
import { scanForSecrets } from './secret-scan.ts'
import { MAX_BYTES, TOO_LARGE, YamlSource } from './source.ts'
import { problemsOf } from './wording.ts'

/** Throws ConfigError: CONFIG_MISSING, CONFIG_UNREADABLE, CONFIG_INVALID or CONFIG_SECRET_FOUND. */
export async function loadConfig(path: string): Promise<Config> {
  return parseConfig(await readConfigFile(path), path)
}

interface CheckedConfig {
  readonly config: Config
  /** What is allowed, and hardly what was meant. */
  readonly warnings: readonly ConfigProblem[]
}

/** The same, for who looks at the file and not only uses it. Throws as `loadConfig`. */
export async function checkConfig(path: string): Promise<CheckedConfig> {
  return checked(await readConfigFile(path), path)
}

/** Throws ConfigError: CONFIG_MISSING, CONFIG_UNREADABLE, or CONFIG_INVALID when it is too large. */
export async function readConfigFile(path: string): Promise<Uint8Array> {
  try {
    const about = await stat(path)
    if (!about.isFile()) throw unreadable(path, 'it is not a regular file', `ls -ld '${path}'`)
    if (isWritableByAll(about)) {
      throw unreadable(path, 'everybody can write to it, and it says what is run as you', `chmod o-w '${path}'`)
    }
    if (about.size > MAX_BYTES) {
      throw new ConfigError('CONFIG_INVALID', path, [{ line: 1, column: 1, message: TOO_LARGE }])
    }
    return await readFile(path)
  } catch (error) {
    if (error instanceof ConfigError) throw error
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    if (!isMissing) throw unreadable(path, 'the file cannot be read', `chmod u+r '${path}'`)
    throw new ConfigError('CONFIG_MISSING', path, [
      { line: 1, column: 1, message: 'there is no such file', hint: 'mcplexer init' },
    ])
  }
}

/** A group may: many systems give each user one of his own, and a team may share a checkout. */
function isWritableByAll({ mode }: Stats): boolean {
  return process.platform !== 'win32' && (mode & 0o002) !== 0
}

function unreadable(path: string, message: string, hint: string): ConfigError {
  return new ConfigError('CONFIG_UNREADABLE', path, [{ line: 1, column: 1, message, hint }])
}

export function digestOf(bytes: Uint8Array): string {
  return new Bun.CryptoHasher('sha256').update(bytes).digest('hex')
}

/**
 * Finds all problems before it throws CONFIG_INVALID or CONFIG_SECRET_FOUND, but for a file that is no YAML at
 * all. An empty file is a configuration without servers.
 */
export function parseConfig(bytes: Uint8Array, path: string): Config {
  return checked(bytes, path).config
}

function checked(bytes: Uint8Array, path: string): CheckedConfig {
  const source = YamlSource.parse(bytes, path)
  const secrets = scanForSecrets(source)
  const file = source.toJs()
  const parsed = fileSchema.safeParse(file, { reportInput: false })
  const issues = parsed.success ? [] : parsed.error.issues
  const invalid = [
    ...issues.flatMap((issue) => problemsOf(issue, file, source)),
    ...crossProblems(file, source),
  ]
  if (secrets.length > 0) throw new ConfigError('CONFIG_SECRET_FOUND', path, [...secrets, ...invalid])
  if (invalid.length > 0 || !parsed.success) throw new ConfigError('CONFIG_INVALID', path, invalid)
  return { config: configOf(parsed.data, bytes, path), warnings: doubtfulIn(parsed.data, source) }
}

function configOf(file: ConfigFile, bytes: Uint8Array, path: string): Config {
  const absolute = resolve(path)
  return {
    path: absolute,
    digest: digestOf(bytes),
    firstListWaitSec: file.first_list_wait_sec,
    lockIdleMin: file.lock_idle_min,
    audit: {
      keepsArguments: file.audit.arguments,
      allowsFailure: file.audit.on_failure === 'allow',
      keepDays: file.audit.keep_days,
      keepEntries: file.audit.keep_entries,
      keepMb: file.audit.keep_mb,
    },
    authScopes: new Map(file.auth_scopes.map((scope) => [scope.id, scopeOf(scope)])),
    servers: new Map(
      file.downstream_servers.map((entry) => [
        entry.id,
        serverOf(entry, dirname(absolute), file.require_shield),
      ]),
    ),
  }
}

function scopeOf(scope: ConfigFile['auth_scopes'][number]): AuthScope {
  const keys = scope.keys.map(({ name, description = null, obtain = null, required, ...rest }) => {
    return { name, description, obtain, isRequired: required, isPublic: rest.public }
  })
  return { id: scope.id, name: scope.name ?? null, type: scope.type, keys }
}

function serverOf(entry: ServerEntry, folder: string, requiresShield: boolean): Server {
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
    instances: entry.instances ?? null,
    maxInstances: entry.max_instances,
    restartPolicy: entry.restart_policy,
    isDisabled: entry.disabled,
    pin: entry.pin,
    shield: entry.shield,
    readable: entry.readable.map((path) => pathFrom(path, folder)),
    writable: entry.writable.map((path) => pathFrom(path, folder)),
    network: entry.network,
    requiresShield,
  }
}

function pathFrom(path: string, folder: string): string {
  if (path === '~' || path.startsWith('~/')) return join(userHome(), path.slice(1))
  return isAbsolute(path) ? path : resolve(folder, path)
}
