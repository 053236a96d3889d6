import { homedir } from 'node:os'
import { basename, delimiter, dirname, isAbsolute, join, resolve } from 'node:path'
import { McplexerError } from './errors.ts'
import { realFolder } from './real-folder.ts'

/** Absolute paths of everything mcplexer keeps. */
export interface Paths {
  home: string
  config: string
  vault: string
  /** Beside the vault, wherever that is. */
  activity: string
  keyFile: string
  /** The bearer token of `serve --http`. */
  httpToken: string
  /** Where the daemon listens. */
  socket: string
}

/** The host's environment, for the allow-list of a child; nobody else reads `process.env`. */
export function hostEnvironment(): Readonly<Record<string, string | undefined>> {
  return process.env
}

/**
 * MCPLEXER_HOME (default `~/.mcplexer`), MCPLEXER_CONFIG, MCPLEXER_DB_DSN (a path or `file:` URL) and
 * MCPLEXER_AGE_KEY. `~` is the user's home in all; empty counts as unset. Folders of ours are given as they are without
 * links: a server may be able to replace a link that leads to what it cannot see. The configuration may be a link.
 * Throws BASE_HOME_UNKNOWN when a default is needed and there is no home, BASE_DSN_UNSUPPORTED for other databases.
 */
export function resolvePaths(configOverride?: string, environment = hostEnvironment()): Paths {
  const home = realFolder(
    expand(environment['MCPLEXER_HOME'], environment) ?? join(userHome(environment), '.mcplexer'),
  )
  const vault = inRealFolder(
    expand(pathOfDsn(environment['MCPLEXER_DB_DSN']), environment) ?? join(home, 'mcplexer.db'),
  )
  return {
    home,
    config:
      expand(configOverride || environment['MCPLEXER_CONFIG'], environment) ?? join(home, 'mcplexer.yaml'),
    vault,
    activity: join(vault, '..', 'activity.db'),
    keyFile: inRealFolder(expand(environment['MCPLEXER_AGE_KEY'], environment) ?? join(home, 'age.key')),
    httpToken: join(home, 'http.token'),
    socket: join(home, 'run', 'gateway.sock'),
  }
}

/** For another process of ours in another folder: the environment with every path in it, absolute. */
export function environmentNaming(paths: Paths): Record<string, string | undefined> {
  return {
    ...hostEnvironment(),
    MCPLEXER_HOME: paths.home,
    MCPLEXER_CONFIG: paths.config,
    MCPLEXER_DB_DSN: paths.vault,
    MCPLEXER_AGE_KEY: paths.keyFile,
  }
}

/** What PATH may be searched by: an empty or relative entry of it would run programs of whatever folder we are in. */
export function absoluteEntries(path = ''): string {
  return path.split(delimiter).filter(isAbsolute).join(delimiter)
}

/** Where `~` points. HOME decides, as in a shell; without it the account's own record does. */
export function userHome(environment = hostEnvironment()): string {
  const home = environment['HOME'] || environment['USERPROFILE'] || accountHome()
  if (!home) {
    throw new McplexerError('BASE_HOME_UNKNOWN', 'HOME is not set and this account has no home folder', {
      hint: 'export MCPLEXER_HOME=/path/to/a/private/folder',
    })
  }
  return resolve(home)
}

function accountHome(): string | null {
  try {
    return homedir() || null
  } catch {
    return null
  }
}

/** Only the folder without links; whether the file is one is looked at where it is opened. */
function inRealFolder(path: string): string {
  return join(realFolder(dirname(path)), basename(path))
}

function expand(path: string | undefined, environment: ReturnType<typeof hostEnvironment>): string | null {
  if (!path) return null
  if (path === '~' || path.startsWith('~/')) return join(userHome(environment), path.slice(1))
  return resolve(path)
}

function pathOfDsn(dsn: string | undefined): string | undefined {
  if (dsn !== undefined && /^(?!file:)[a-z][a-z0-9+.-]*:\/\//i.test(dsn)) {
    throw new McplexerError('BASE_DSN_UNSUPPORTED', 'MCPLEXER_DB_DSN is neither a path nor a file: URL', {
      hint: 'export MCPLEXER_DB_DSN=/path/to/mcplexer.db',
    })
  }
  if (!dsn?.startsWith('file:')) return dsn
  return dsn.startsWith('file:///') ? Bun.fileURLToPath(dsn) : dsn.slice('file:'.length)
}
