import type { Cli, CommandClass } from 'clipanion'

/** At most 80 columns wide. */
export function generalHelp(): string {
  return `mcplexer stands between AI clients and MCP servers: servers get their secrets
only when they start, and the configuration can be committed.

  mcplexer init                        make folder, key and a commented YAML
  mcplexer secret put github-token GITHUB_TOKEN
  mcplexer serve                       what the AI client starts

Set up
  init                                 make folder, key and configuration
  status                               paths, servers, missing keys
  config check [FILE…]                 find mistakes and secrets, for pre-commit
  config schema                        JSON Schema of the file, for editors

Secrets
  secret put SCOPE KEY                 seal a value (asks for it)
  secret get SCOPE KEY                 print a value, byte for byte
  secret list [SCOPE]                  names, ages and missing keys
  secret delete SCOPE KEY              forget a value
  scope list | scope delete SCOPE      auth scopes as a whole
  rotate-key                           re-seal everything for a new key

Tools
  serve                                MCP on stdin and stdout
  tools list [--refresh]               all tools of all servers
  tools call NAME [JSON]               call one, without a client

Every command: --config FILE, --help. Files: ~/.mcplexer (MCPLEXER_HOME).`
}

/** Clipanion's usage text with our names for what an option takes, and plain headings. */
export function usageOf(cli: Cli, command: CommandClass, options: { detailed: boolean }): string {
  return cli
    .usage(command, options)
    .replaceAll('--from-env #0', '--from-env NAME')
    .replaceAll('#0', 'FILE')
    .replaceAll('<KEY> ...', '<KEY> [VALUE]')
    .replace(/check \.{3}$/m, 'check [FILE…]')
    .replace(/^━+ (\w+) ━+$/gm, '$1:')
    .replace(/^\$ /, '')
    .trim()
}
