/** Entry of the executable. `serve` goes first and loads nothing that it does not need; all else is the CLI. */

/** What runs for longer than this is compiled as usual; before that nothing runs often enough (scripts/build.ts). */
const START_MS = 250
setTimeout(() => Bun.unsafe.setJITPolicy(1), START_MS).unref()

const [command, ...rest] = process.argv.slice(2)
const serveOptions = command === 'serve' ? readServeOptions(rest) : null

const exitCode = await run()
await (await import('./base/index.ts')).log.flush()

// all output has left by now; a terminal that was read from, or a client's pipe, would keep the process alive
process.exit(exitCode)

async function run(): Promise<number> {
  if (command === '__shielded') return (await import('./sandbox/index.ts')).runShielded(rest)
  if (command === '__egress') return (await import('./sandbox/index.ts')).runBehindBridge(rest)
  if (serveOptions !== null) return (await import('./serve.ts')).serve(serveOptions.configPath)
  if (command === 'connect' && rest.length === 0) return (await import('./daemon.ts')).connect()
  return (await import('./cli/index.ts')).runCli(process.argv.slice(2))
}

/** Null when they need the command line's help or error messages. */
function readServeOptions(args: readonly string[]): { configPath: string | undefined } | null {
  if (args.length === 0) return { configPath: undefined }
  const [name, value] = args
  if (args.length === 2 && name === '--config' && value) return { configPath: value }
  if (args.length === 1 && name?.startsWith('--config=')) return { configPath: name.slice('--config='.length) }
  return null
}
