/** Keys that files of the Go program of the same name have; they get a message of their own. */
export const NOT_SUPPORTED_YET: ReadonlySet<string> = new Set([
  'name',
  'cache',
  'client_id',
  'workspaces',
  'route_rules',
  'oauth_providers',
  'oauth_provider',
  'oauth_provider_id',
  'redaction_hints',
  'discovery',
  'capabilities_cache',
  'url',
  'headers',
  'approvals',
])

/** Names under which people write the secret itself. */
export const SECRET_KEYS: ReadonlySet<string> = new Set([
  'token',
  'value',
  'values',
  'secret',
  'secrets',
  'password',
  'api_key',
  'apikey',
  'key',
  'data',
  'credentials',
  'client_secret',
  'access_token',
  'refresh_token',
])

const BY_THE_CLIENT = 'what may be called without a question is decided in the client'

/** What servers have in the files of other gateways, and what does it here. */
export const OF_OTHER_GATEWAYS: ReadonlyMap<string, string> = new Map([
  ['name', 'it is called id here'],
  ['enabled', 'a server is switched off by `disabled: true`'],
  ['description', 'write it as a comment'],
  ['autoapprove', BY_THE_CLIENT],
  ['alwaysallow', BY_THE_CLIENT],
  [
    'secrets',
    'they are never in this file: name a scope with `auth_scope`, and seal them with `mcplexer secret put SCOPE KEY`',
  ],
])

/** What other programs and hasty people call it. */
export const OTHER_NAMES: ReadonlyMap<string, string> = new Map([
  ['mcpservers', 'downstream_servers'],
  ['mcp_servers', 'downstream_servers'],
  ['servers', 'downstream_servers'],
  ['scopes', 'auth_scopes'],
  ['secrets', 'keys'],
  ['variables', 'keys'],
  ['env', 'keys'],
  ['environment', 'env'],
  ['type', 'transport'],
  ['namespace', 'tool_namespace'],
  ['prefix', 'tool_namespace'],
  ['scope', 'auth_scope'],
  ['cmd', 'command'],
  ['timeout', 'call_timeout_sec'],
  ['call_timeout', 'call_timeout_sec'],
  ['idle_timeout', 'idle_timeout_sec'],
  ['startup_timeout', 'startup_timeout_sec'],
])
