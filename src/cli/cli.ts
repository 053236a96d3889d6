import { Cli } from 'clipanion'
import { nearest, version } from '../base/index.ts'
import { commands } from './commands/index.ts'
import { generalHelp, usageOf } from './help.ts'
import { print, printError, printHint } from './present.ts'

/**
 * Exit code 0 done, 1 failed, 2 wrong usage, 130 interrupted. Clipanion's own messages quote argv, which may hold a
 * value, and go to stdout: none of them is printed.
 */
export async function runCli(argv: readonly string[]): Promise<number> {
  const args = argv[0] === '--version' || argv[0] === '-V' ? ['version', ...argv.slice(1)] : [...argv]
  if (args.length === 0 || (args.length === 1 && /^(-h|--help|help)$/.test(args[0] ?? ''))) {
    await print(generalHelp())
    return 0
  }
  const cli = new Cli({
    binaryName: 'mcplexer',
    binaryVersion: version,
    enableCapture: false,
    enableColors: false,
  })
  for (const command of commands) cli.register(command)
  const named = commands.find(({ paths }) =>
    paths?.some((path) => path.every((word, index) => args[index] === word)),
  )
  if (args.some((arg) => arg === '-h' || arg === '--help') && named !== undefined) {
    await print(usageOf(cli, named, { detailed: true }))
    return 0
  }
  try {
    const command = cli.process(args)
    return await command.execute().then((code) => code ?? 0)
  } catch {
    return usageError(cli, args, named)
  }
}

function usageError(cli: Cli, args: readonly string[], named: (typeof commands)[number] | undefined): number {
  if (named === undefined) {
    const words = [...new Set(commands.flatMap(({ paths }) => paths?.map((path) => path.join(' ')) ?? []))]
    const meant = nearest(args.slice(0, 2).join(' '), words) ?? nearest(args[0] ?? '', words)
    printError('there is no such command')
    printHint(meant === null ? 'mcplexer --help' : `did you mean \`mcplexer ${meant}\`?`)
    return 2
  }
  const path = named.paths?.[0]?.join(' ') ?? ''
  printError(`wrong arguments for \`mcplexer ${path}\``)
  printHint(`usage: ${usageOf(cli, named, { detailed: false })}`)
  return 2
}
