import { readFileSync } from 'node:fs'
import { isatty } from 'node:tty'
import type { App } from './app.ts'
import { isMcplexerError, log, resolvePaths } from './base/index.ts'
import {
  type ClientDescription,
  type ServiceDeps,
  type StoredReplies,
  serveStdio,
  variantOf,
} from './gateway/index.ts'
import { readStoredReplies } from './store/lean.ts'

/**
 * `mcplexer serve`: answers `initialize` and a stored `tools/list` before the parser of the configuration, the
 * vault or the command line are even loaded; they follow once the client has its answer.
 */
export async function serve(configPath: string | undefined): Promise<number> {
  log.neverBlock()
  if (isatty(0)) log.info('serve speaks MCP on stdin and stdout; an AI client starts it (Ctrl-C ends it)')
  const { app, depsFor } = await openService(configPath)
  try {
    await serveStdio(depsFor(process.cwd()), stopSignal())
    return 0
  } catch (error) {
    log.error(isMcplexerError(error) ? error.message : 'serve ended unexpectedly')
    return 1
  } finally {
    await app.close()
  }
}

/** What sessions need of the rest; nothing heavy is loaded before one asks for it. */
export async function openService(
  configPath: string | undefined,
): Promise<{ app: App; depsFor: (clientFolder: string) => ServiceDeps }> {
  const paths = resolvePaths(configPath)
  const { openApp } = await import('./app.ts')
  const app = openApp(configPath === undefined ? {} : { configPath })
  const depsFor = (clientFolder: string): ServiceDeps => ({
    stored: (client) => storedReplies(paths.activity, paths.config, client),
    openView: async (client, home, shown) => {
      const gateway = await app.gateway()
      return gateway.openView(client, home, clientFolder, shown)
    },
  })
  return { app, depsFor }
}

function storedReplies(activity: string, config: string, client: ClientDescription): StoredReplies | null {
  try {
    const digest = new Bun.CryptoHasher('sha256').update(readFileSync(config)).digest('hex')
    const found = readStoredReplies(activity, digest, variantOf(client))
    if (found === null) return null
    const { opening, ...lists } = found
    return { opening: JSON.parse(opening), lists }
  } catch {
    return null
  }
}

export function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve())
  })
}
