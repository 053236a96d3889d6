import { Cli, type Command } from 'clipanion'
import { nearest } from '../base/index.ts'
import { WRONG_USAGE } from './base-command.ts'
import { type CommandClass, commands, pathOf } from './commands/index.ts'
import { commandHelp, generalHelp, groupHelp, optionsOf, synopsis, valueWordOf } from './help.ts'
import { meantCommand } from './meant.ts'
import { printError, printHint } from './messages.ts'
import { print } from './present.ts'
import { separateValue } from './value-argument.ts'

/**
 * Exit code 0 done, 1 failed, 2 wrong usage, 130 interrupted. Clipanion's own messages quote argv, which may hold a
 * value, and go to stdout: none of them is printed.
 */
export async function runCli(argv: readonly string[]): Promise<number> {
  const args = normalized(argv)
  const cli = new Cli({ binaryName: 'mcplexer', enableCapture: false })
  for (const command of commands) cli.register(command)
  if (wantsHelp(args)) return printHelp(cli, args)
  const command = parsed(cli, args)
  return command === null ? explainUsage(cli, args) : ((await command.execute()) ?? 0)
}

/** `--version`, `help COMMAND` and an option in front are what other programs accept. */
function normalized(argv: readonly string[]): string[] {
  const [first, second, ...rest] = argv
  if (first === undefined) return ['--help']
  if (first === '--version' || first === '-V') return ['version', ...argv.slice(1)]
  if (first === 'serve') return argv.flatMap(withBlank)
  if (first === 'help') return [...argv.slice(1), '--help']
  if (first === '--config' && second !== undefined)
    return separateValue([...rest.slice(0, 2), first, second, ...rest.slice(2)])
  return separateValue(argv)
}

/** The address is a word of its own, as it may be left out. */
function withBlank(arg: string): string[] {
  return arg.startsWith('--http=') ? ['--http', arg.slice('--http='.length)] : [arg]
}

function wantsHelp(args: readonly string[]): boolean {
  return beforeDashes(args).some((arg) => arg === '-h' || arg === '--help')
}

/** Without what follows `--`, which is no option whatever it looks like. */
function beforeDashes(args: readonly string[]): readonly string[] {
  const end = args.indexOf('--')
  return end === -1 ? args : args.slice(0, end)
}

async function printHelp(cli: Cli, args: readonly string[]): Promise<number> {
  const command = commandOf(args)
  const group = groupOf(args)
  if (command !== undefined) await print(commandHelp(cli, command))
  else if (group.length > 0) await print(groupHelp(cli, group))
  else if (args[0]?.startsWith('-')) await print(generalHelp())
  else return explainUsage(cli, args)
  return 0
}

function parsed(cli: Cli, args: string[]): Command | null {
  try {
    return cli.process(args)
  } catch {
    return null
  }
}

/** Repeats nothing of argv but the names of commands. */
function explainUsage(cli: Cli, args: readonly string[]): number {
  const command = commandOf(args)
  if (command === undefined) explainNames(cli, args)
  else {
    printError(`wrong arguments for \`mcplexer ${pathOf(command)}\``)
    explainOption(args, optionsOf(cli, command))
    printHint(`usage: ${synopsis(cli, command)}`)
    printHint(`\`mcplexer ${pathOf(command)} --help\` explains them`)
  }
  return WRONG_USAGE
}

/** What was typed may be a value, and is not repeated. */
function explainOption(args: readonly string[], options: readonly string[]): void {
  const typed = beforeDashes(args).filter((arg) => /^-[a-z]$|^--[a-z]/i.test(arg))
  const unknown = typed.map((arg) => arg.split('=', 1)[0] ?? '').find((name) => !options.includes(name))
  if (unknown === undefined) {
    explainMissingValue(args)
    return
  }
  const meant = nearest(unknown, options)
  printHint(`there is an option not known to it${meant === null ? '' : `; did you mean ${meant}?`}`)
  if (options.includes('--from-file'))
    printHint('a value that looks like an option is given on stdin, or behind `--`')
}

function explainMissingValue(args: readonly string[]): void {
  const last = beforeDashes(args).at(-1) ?? ''
  const word = valueWordOf(last)
  if (word !== undefined) printHint(`${word} is missing behind ${last}`)
}

function explainNames(cli: Cli, args: readonly string[]): void {
  const group = groupOf(args)
  const isGroupAlone = group.length > 0 && args.length === 1
  const meant = isGroupAlone || args[0] === '--config' ? null : meantCommand(args, commands.map(pathOf))
  printError(isGroupAlone ? `\`mcplexer ${args[0]}\` is a group of commands` : noCommand(args, group, meant))
  if (args[0] === '--config') explainMissingValue(args)
  if (meant !== null) printHint(`did you mean \`mcplexer ${meant}\`?`)
  else if (group.length > 0) printHint(`there are:\n${groupHelp(cli, group)}`)
  else printHint('`mcplexer --help` lists them')
}

/** Names what was typed only where it is near to a command: anything else may be a value. */
function noCommand(args: readonly string[], group: readonly CommandClass[], meant: string | null): string {
  if (meant === null) return 'there is no such command'
  return `there is no command \`mcplexer ${args.slice(0, group.length > 0 ? 2 : 1).join(' ')}\``
}

function commandOf(args: readonly string[]): CommandClass | undefined {
  return commands.find((command) =>
    pathOf(command)
      .split(' ')
      .every((word, index) => args[index] === word),
  )
}

/** The commands below a first word such as `secret`. */
function groupOf(args: readonly string[]): CommandClass[] {
  return commands.filter((command) => pathOf(command).startsWith(`${args[0]} `))
}
