import type { Secret } from '../base/index.ts'
import { VaultError } from './vault-error.ts'

/** The kernel refuses one environment string of 131,072 bytes or more. */
export const MAX_VALUE_BYTES = 128_000
const KEY_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/
const SCOPE_ID = /^[a-z0-9][a-z0-9_.-]*$/

/** Names by which a value would become code in a child, or would change which code it runs. */
const FORBIDDEN_PREFIXES = [
  'MCPLEXER_',
  'LD_',
  'DYLD_',
  'BUN_',
  'BASH_FUNC_',
  'GLIBC_',
  'MALLOC_',
  'GIT_CONFIG_',
]
const FORBIDDEN_NAMES = new Set(
  `PATH PATHEXT COMSPEC SHELL HOME IFS ENV BASH_ENV SHELLOPTS BASHOPTS PS4 PROMPT_COMMAND CDPATH
  NODE_OPTIONS NODE_PATH NODE_REPL_EXTERNAL_MODULE NODE_EXTRA_CA_CERTS NODE_TLS_REJECT_UNAUTHORIZED
  NPM_CONFIG_NODE_OPTIONS NPM_CONFIG_SCRIPT_SHELL ELECTRON_RUN_AS_NODE DENO_DIR
  PYTHONSTARTUP PYTHONPATH PYTHONHOME PYTHONINSPECT PYTHONUSERBASE PYTHONBREAKPOINT PYTHONEXECUTABLE
  PERL5OPT PERL5LIB PERLLIB PERL5DB RUBYOPT RUBYLIB PHP_INI_SCAN_DIR PHPRC LUA_INIT
  JAVA_TOOL_OPTIONS _JAVA_OPTIONS JDK_JAVA_OPTIONS CLASSPATH DOTNET_STARTUP_HOOKS COR_PROFILER CORECLR_PROFILER
  GIT_SSH GIT_SSH_COMMAND GIT_EXEC_PATH GIT_ASKPASS GIT_EDITOR GIT_PAGER GIT_EXTERNAL_DIFF GIT_PROXY_COMMAND
  SSH_ASKPASS EDITOR VISUAL PAGER BROWSER LESSOPEN GCONV_PATH HOSTALIASES LOCPATH NLSPATH OPENSSL_CONF
  OPENSSL_MODULES OPENSSL_ENGINES SYSTEMROOT WINDIR TMPDIR`.split(/\s+/),
)

export function isForbiddenName(name: string): boolean {
  const upper = name.toUpperCase()
  return FORBIDDEN_NAMES.has(upper) || FORBIDDEN_PREFIXES.some((prefix) => upper.startsWith(prefix))
}

/** Throws VAULT_NAME_REFUSED. */
export function checkNames(scopeId: string, keyName: string): void {
  if (!SCOPE_ID.test(scopeId)) {
    throw new VaultError('VAULT_NAME_REFUSED', 'a scope id has small letters, digits, `_`, `.` and `-`', {
      hint: 'mcplexer scope list',
    })
  }
  if (!KEY_NAME.test(keyName)) {
    throw new VaultError(
      'VAULT_NAME_REFUSED',
      'a key name has letters, digits and `_`, and no digit in front',
      {
        hint: 'name it as the server reads it, for example GITHUB_TOKEN',
      },
    )
  }
  if (isForbiddenName(keyName)) {
    throw new VaultError('VAULT_NAME_REFUSED', `${keyName} would change which programs or code a server runs`, {
      hint: 'plain settings belong under `env:` of the server',
    })
  }
}

/** Throws VAULT_VALUE_REFUSED, which never holds a piece of it. */
export function checkValue(keyName: string, value: Secret): void {
  const bytes = value.reveal()
  if (bytes.includes(0)) throw refused(keyName, 'it contains a NUL byte, which no environment can carry')
  if (keyName.length + bytes.length > MAX_VALUE_BYTES) {
    throw refused(keyName, `name and value have over ${MAX_VALUE_BYTES.toLocaleString('en')} bytes`)
  }
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw refused(keyName, 'it is not valid UTF-8')
  }
}

function refused(keyName: string, reason: string): VaultError {
  return new VaultError('VAULT_VALUE_REFUSED', `the value for ${keyName} was not stored: ${reason}`, {
    hint: 'put binary data in as base64 text',
  })
}
