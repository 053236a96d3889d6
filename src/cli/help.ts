import type { Cli } from 'clipanion'
import { type CommandClass, pathOf } from './commands/index.ts'
import { generalText } from './general-text.ts'
import { columns, wrap, wrapAround } from './layout.ts'
import { bold, terminalWidth } from './terminal.ts'

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
  '--identity': 'FILE',
  '--recipient': 'RECIPIENT',
  '--kind': 'KIND',
  '--server': 'SERVER',
  '--scope': 'SCOPE',
  '--name': 'NAME',
  '--client': 'TEXT',
  '--decision': 'WORD',
}

const REST_WORDS: Readonly<Record<string, string>> = {
  'config check': '[FILE…]',
  'key protect': '[-- COMMAND…]',
}

/** Where a word belongs to an option, which Clipanion does not know. */
const WHOLE_SYNOPSES: Readonly<Record<string, string>> = {
  serve: 'mcplexer serve [--http [HOST:PORT] | --daemon [--foreground]]',
}

const OPTION_WITH_WORD = /\[[^[\]]*\]|--\w+ [A-Z]+/g

/** At most 80 columns wide. */
export function generalHelp(): string {
  return width() < WIDEST ? narrowed(generalText(), width()) : generalText()
}

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
    examples.length > 0 &&
      `${bold('Examples')}\n${examples.map(([what, line]) => `  ${what}:\n    ${line}`).join('\n')}`,
  ]
  return parts.filter(Boolean).join('\n\n')
}

function usageLines(cli: Cli, command: CommandClass): string {
  const line = synopsis(cli, command)
  const [first = '', ...more] =
    terminalWidth() === null ? [line] : wrapAround(OPTION_WITH_WORD, line, width() - 4)
  return [`  ${first}`, ...more.map((line) => `    ${line}`)].join('\n')
}

/** `mcplexer secret put SCOPE KEY [VALUE]`; Clipanion writes `<SCOPE>`, and `...` for any number of words. */
export function synopsis(cli: Cli, command: CommandClass): string {
  const path = pathOf(command)
  const whole = WHOLE_SYNOPSES[path]
  if (whole !== undefined) return whole
  const definition = definitionOf(cli, command)
  const words = (definition?.usage ?? '').slice(`mcplexer ${path}`.length)
  const required = (definition?.options ?? []).flatMap(({ definition, required }) =>
    required ? (definition.split(' ')[0] ?? []) : [],
  )
  const options = optionRows(cli, command)
    .slice(0, -2)
    .map(([row = '']) => row.trim())
    .map((option) => (required.some((name) => option.startsWith(name)) ? ` ${option}` : ` [${option}]`))
  const [named = '', rest] = words.replace(/<(\w+)>/g, '$1').split('...')
  return `mcplexer ${path}${named.trimEnd()}${options.join('')}${rest === undefined ? '' : ` ${REST_WORDS[path]}`}`
}

export function optionsOf(cli: Cli, command: CommandClass): string[] {
  return optionRows(cli, command).flatMap(([names = '']) =>
    names.split(/[ ,]+/).filter((name) => /^-/.test(name)),
  )
}

/** `FILE` for `--config`; undefined for what takes no value. */
export function valueWordOf(option: string): string | undefined {
  return OPTION_WORDS[option]
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
