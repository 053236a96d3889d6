import { isForbiddenName, type Secret } from '../base/index.ts'
import type { Server } from '../config/index.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** What programs need to run at all, and npx, uvx and Docker to find their caches, proxies and certificates. */
const POSIX = `
  PATH HOME USER LOGNAME SHELL LANG LANGUAGE TZ TERM TMPDIR
  XDG_CONFIG_HOME XDG_CACHE_HOME XDG_DATA_HOME XDG_STATE_HOME XDG_RUNTIME_DIR
  HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY http_proxy https_proxy all_proxy no_proxy
  SSL_CERT_FILE SSL_CERT_DIR NODE_EXTRA_CA_CERTS REQUESTS_CA_BUNDLE CURL_CA_BUNDLE
  DOCKER_HOST DOCKER_CONTEXT DOCKER_CONFIG DOCKER_CERT_PATH DOCKER_TLS_VERIFY
  NPM_CONFIG_CACHE NPM_CONFIG_PREFIX NPM_CONFIG_USERCONFIG NPM_CONFIG_REGISTRY
  npm_config_cache npm_config_prefix npm_config_userconfig npm_config_registry
  NVM_DIR FNM_DIR VOLTA_HOME PYENV_ROOT UV_CACHE_DIR UV_PYTHON_INSTALL_DIR UV_TOOL_DIR CARGO_HOME RUSTUP_HOME
`
/** Python and .NET do not start on Windows without these. */
const WINDOWS = `
  SystemRoot SystemDrive windir ComSpec PATHEXT Path OS TEMP TMP USERPROFILE USERNAME USERDOMAIN HOMEDRIVE HOMEPATH
  APPDATA LOCALAPPDATA ALLUSERSPROFILE ProgramData ProgramFiles ProgramFiles(x86) ProgramW6432 CommonProgramFiles
  CommonProgramFiles(x86) CommonProgramW6432 PUBLIC COMPUTERNAME NUMBER_OF_PROCESSORS PROCESSOR_ARCHITECTURE
`
const ALLOWED = new Set(`${POSIX} ${process.platform === 'win32' ? WINDOWS : ''}`.trim().split(/\s+/))

/**
 * The whole environment of a child: the short list of the host's, what `inherit_env` names, the server's `env`,
 * and on top the values of its scope, byte for byte: nothing in them is expanded.
 */
export function childEnvironment(
  host: Environment,
  server: Pick<Server, 'env' | 'inheritEnv'>,
  injected: Readonly<Record<string, string>>,
): Record<string, string> {
  const environment: Record<string, string> = {}
  for (const [name, value] of Object.entries(host)) {
    if (value !== undefined && isInherited(name, server.inheritEnv)) environment[name] = value
  }
  return { ...environment, ...server.env, ...injected }
}

/** A child takes its environment as strings; this is where a value becomes one. */
export function revealValues(keys: ReadonlyMap<string, Secret>): Record<string, string> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  return Object.fromEntries([...keys].map(([name, value]) => [name, decoder.decode(value.reveal())]))
}

function isInherited(name: string, extra: readonly string[]): boolean {
  if (ALLOWED.has(name) || name.startsWith('LC_')) return true
  return extra.includes(name) && !isForbiddenName(name)
}
