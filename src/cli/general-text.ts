import { bold } from './terminal.ts'

/** What `mcplexer --help` says, laid out for 80 columns: a command, two spaces or more, what it does. */
export const generalText =
  (): string => `mcplexer stands between AI clients and MCP servers: each server gets its own
secrets, only when it starts, and the configuration can be committed.

  mcplexer init                        make folder, key and a commented YAML
  mcplexer secret put github-token GITHUB_PERSONAL_ACCESS_TOKEN
  mcplexer serve                       what the AI client starts

${bold('Set up')}
  init                                 make folder, key and configuration
  status                               paths, servers, missing keys
  doctor                               what protects the secrets here
  config check [FILE…]                 find mistakes and secrets, for pre-commit
  config schema                        JSON Schema of the file, for editors

${bold('Secrets')}
  secret put SCOPE KEY [VALUE]         seal a value; asks when it is left out
  secret get SCOPE KEY                 print a value, byte for byte
  secret list [SCOPE]                  names, ages and missing keys
  secret delete SCOPE KEY              forget a value
  scope list                           all auth scopes, in the file or sealed
  scope delete SCOPE                   forget all values of one
  scope revoke SCOPE, lock             end servers at once, open no more
  unlock [SCOPE]                       until then
  rotate-key                           re-seal everything for a new key
  key show|protect|backup|restore      how the key file is kept

${bold('Record')}
  audit list|tail|export|alerts        what was done with which secret
  audit verify|checkpoint              whether the record was changed

${bold('Tools')}
  serve                                MCP on stdin and stdout
  connect                              the same, through one gateway for all
  serve --daemon, daemon status|stop   that gateway, in the background
  serve --http [HOST:PORT]             over HTTP; token show|new for its clients
  tools list [--refresh]               all tools of all servers
  tools call NAME [JSON]               call one, without a client
  tools review, servers review         approve what has changed

Every command takes --config FILE and --help; \`mcplexer version\` is the version.
Files are in ~/.mcplexer (MCPLEXER_HOME). Exit: 0 done, 1 failed, 2 usage error,
130 interrupted.`
