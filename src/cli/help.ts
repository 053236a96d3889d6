import type { Cli } from 'clipanion'
import { type CommandClass, pathOf } from './commands/index.ts'
import { columns, wrap } from './layout.ts'
import { bold, terminalWidth } from './present.ts'

const WIDEST = 80
/** Clipanion knows how many words follow an option, and not what to call them. */
const OPTION_WORDS: Readonly<Record<string, string>> = {
  '--config': 'FILE',
  '--from-file': 'FILE',
  '--from-env': 'VAR',
  '--keep-old': 'FILE',
  '--checkpoint': 'FILE',
  '--since': 'TIME',
  '--with': 'HOW',
  '--kind': 'KIND',
  '--server': 'SERVER',
  '--scope': 'SCOPE',
  '--name': 'NAME',
  '--client': 'TEXT',
  '--decision': 'WORD',
}

/** At most 80 columns wide. */
export function generalHelp(): string {
  return width() < WIDEST ? narrowed(generalText(), width()) : generalText()
}

const generalText = (): string => `mcplexer stands between AI clients and MCP servers: each server gets its own
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

/** Each `  command   what it does` of the text below each other, its sentences between words. */
function narrowed(text: string, width: number): string {
  return text
    .replace(/(\S)\n(?=\S)/g, '$1 ')
    .split('\n')
    .flatMap((line) => {
      const [, command, what = ''] = /^ {2}(\S.*?) {2,}(\S.*)$/.exec(line) ?? []
      return command === undefined ? wrap(line, width) : [`  ${command}`, ...indented(what, width, '    ')]
    })
    .join('\n')
}

function indented(text: string, width: number, indent: string): string[] {
  return wrap(text, width - indent.length).map((line) => indent + line)
}

export function groupHelp(cli: Cli, group: readonly CommandClass[]): string {
  if (width() < WIDEST)
    return group
      .flatMap((command) => [
        usageLines(cli, command),
        ...indented(command.usage.description ?? '', width(), '      '),
      ])
      .join('\n')
  const rows = group.map((command) => [`  ${synopsis(cli, command)}`, command.usage.description ?? ''])
  return columns(rows, width())
}

export function commandHelp(cli: Cli, command: CommandClass): string {
  const { description = '', details = '', examples = [] } = command.usage
  const parts = [
    wrap(`${description.charAt(0).toUpperCase()}${description.slice(1)}.`, width()).join('\n'),
    `${bold('Usage')}\n${usageLines(cli, command)}`,
    wrap(details, width()).join('\n'),
    `${bold('Options')}\n${columns(optionRows(cli, command), width())}`,
    `${bold('Examples')}\n${examples.map(([what, line]) => `  ${what}:\n    ${line}`).join('\n')}`,
  ]
  return parts.filter(Boolean).join('\n\n')
}

function usageLines(cli: Cli, command: CommandClass): string {
  const [first = '', ...more] = wrap(synopsis(cli, command), width() - 4)
  return [`  ${first}`, ...more.map((line) => `    ${line}`)].join('\n')
}

/** `mcplexer secret put SCOPE KEY [VALUE]`; Clipanion writes `<SCOPE>`, and `...` for any number of files. */
export function synopsis(cli: Cli, command: CommandClass): string {
  const path = `mcplexer ${pathOf(command)}`
  const words = (definitionOf(cli, command)?.usage ?? path).slice(path.length)
  const options = optionRows(cli, command)
    .slice(0, -2)
    .map(([name = '']) => ` [${name.trim()}]`)
  return `${path}${words.replace(/<(\w+)>/g, '$1').replace('...', '[FILE…]')}${options.join('')}`
}

export function optionsOf(cli: Cli, command: CommandClass): string[] {
  return optionRows(cli, command).flatMap(([names = '']) =>
    names.split(/[ ,]+/).filter((name) => /^-/.test(name)),
  )
}

/** What is special to the command first, what all have last. */
function optionRows(cli: Cli, command: CommandClass): string[][] {
  const rows = (definitionOf(cli, command)?.options ?? []).map(({ definition, description = '' }) => {
    const [name = ''] = definition.split(' ')
    return [`  ${[name, OPTION_WORDS[name]].filter(Boolean).join(' ')}`, description.trim()]
  })
  return [...rows.slice(1), ...rows.slice(0, 1), ['  -h, --help', 'this text']]
}

function definitionOf(cli: Cli, command: CommandClass) {
  return cli.definitions().find(({ path }) => path === `mcplexer ${pathOf(command)}`)
}

function width(): number {
  return Math.min(terminalWidth() ?? WIDEST, WIDEST)
}
