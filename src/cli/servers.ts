import type { App } from '../app.ts'
import { nearest } from '../base/index.ts'
import type { Config } from '../config/index.ts'
import { CliError } from './cli-error.ts'
import { note } from './messages.ts'

/** Throws CLI_SERVER_UNKNOWN, with the nearest id, when the configuration has no server of this one. */
function requireServer(config: Config, id: string): void {
  if (config.servers.has(id)) return
  const meant = nearest(id, config.servers.keys())
  throw new CliError('CLI_SERVER_UNKNOWN', 'the configuration has no server of this name', {
    hint: meant === null ? '`mcplexer status` shows what there is' : `did you mean ${meant}?`,
  })
}

/** Of what waits for a review that of this server, or all; says so where there is none. Throws CLI_SERVER_UNKNOWN. */
export async function waitingOf<T extends { readonly serverId: string }>(
  app: App,
  waiting: readonly T[],
  server: string | undefined,
): Promise<T[]> {
  const wanted = waiting.filter(({ serverId }) => server === undefined || serverId === server)
  if (wanted.length > 0) return wanted
  if (server !== undefined) requireServer(await app.config(), server)
  note('nothing waits for a review')
  return wanted
}
