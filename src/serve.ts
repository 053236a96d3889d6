import { readFileSync, statSync } from 'node:fs'
import type { App } from './app.ts'
import { digestOf, isTerminal, log, nameConfiguration } from './base/index.ts'
import {
  type ClientDescription,
  isObjectSource,
  type Opening,
  type ServiceDeps,
  type StoredReplies,
  serveStdio,
  variantOf,
} from './gateway/front.ts'
import { readStoredReplies } from './store/lean.ts'

/** What is larger is no configuration; the loader says so. */
const MAX_CONFIG_BYTES = 1024 * 1024

/**
 * `mcplexer serve`: answers `initialize` and a stored `tools/list` before the parser of the configuration, the
 * vault or the command line are even loaded; they follow once the client has its answer.
 */
export async function serve(configPath: string | undefined): Promise<number> {
  log.neverBlock()
  if (await isTerminal(0)) log.info('serve speaks MCP with the AI client that starts it (Ctrl-C ends it)')
  const { App } = await import('./app.ts')
  const app = new App(configPath === undefined ? {} : { configPath })
  try {
    await serveStdio(sessionDeps(app, process.cwd()), stopSignal())
    return 0
  } catch (error) {
    log.failure(error, 'serve ended unexpectedly')
    return 1
  } finally {
    await app.close()
  }
}

/** What a session of a client app needs of the rest; nothing heavy is loaded before it asks for it. */
export function sessionDeps(app: App, clientFolder: string): ServiceDeps {
  // the shell of whoever reads it may not have the environment of this client
  nameConfiguration(app.paths)
  const { activity, config } = app.paths
  return {
    stored: (client) => storedReplies(activity, config, client),
    openView: async (client, home, shown) => {
      const gateway = await app.gateway()
      return gateway.openView(client, home, clientFolder, shown)
    },
  }
}

function storedReplies(activity: string, config: string, client: ClientDescription): StoredReplies | null {
  try {
    const about = statSync(config)
    if (!about.isFile() || about.size > MAX_CONFIG_BYTES) return null
    const found = readStoredReplies(activity, digestOf(readFileSync(config)), variantOf(client))
    if (found === null) return null
    const { opening, ...lists } = found
    return { opening: readOpening(opening), lists }
  } catch {
    return null
  }
}

/** It goes into a line of the protocol as it is. */
function readOpening(source: string): Opening {
  const { capabilities, instructions } = JSON.parse(source)
  if (!isObjectSource(capabilities) || typeof instructions !== 'string')
    throw new TypeError('not an opening of ours')
  return { capabilities, instructions }
}

function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve())
  })
}
