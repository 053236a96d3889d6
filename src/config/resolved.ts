import { dirname, isAbsolute, join, resolve } from 'node:path'
import { userHome } from '../base/index.ts'
import type { AuthScope, Config, Server } from './config.ts'
import { defaultNamespace } from './cross-checks.ts'
import type { ConfigFile, ServerEntry } from './schema.ts'

/** A checked file as the other rooms use it: our names, every path in it absolute. `digest`: that of its bytes. */
export function configOf(file: ConfigFile, digest: string, path: string): Config {
  const absolute = resolve(path)
  const servers = file.downstream_servers.map((entry) =>
    serverOf(entry, dirname(absolute), file.require_shield),
  )
  return {
    path: absolute,
    digest,
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
    servers: new Map(servers.map((server) => [server.id, server])),
    enabled: servers.filter(({ isDisabled }) => !isDisabled),
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
