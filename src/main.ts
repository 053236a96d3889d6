/** Entry of the executable. `serve` goes first and loads nothing that it does not need; all else is the CLI. */
const [command, ...rest] = process.argv.slice(2)
const serveOptions = command === 'serve' ? readServeOptions(rest) : null

const exitCode =
  serveOptions === null
    ? await (await import('./cli/index.ts')).runCli(process.argv.slice(2))
    : await (await import('./serve.ts')).serve(serveOptions.configPath)

// all output has left by now; a terminal that was read from, or a client's pipe, would keep the process alive
process.exit(exitCode)

/** Null when they need the command line's help or error messages. */
function readServeOptions(args: readonly string[]): { configPath: string | undefined } | null {
  if (args.length === 0) return { configPath: undefined }
  const [name, value] = args
  if (args.length === 2 && name === '--config' && value) return { configPath: value }
  if (args.length === 1 && name?.startsWith('--config=')) return { configPath: name.slice('--config='.length) }
  return null
}
