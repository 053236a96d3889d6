import { nearest } from '../base/index.ts'
import type { Config } from '../config/index.ts'
import { CliError } from './cli-error.ts'

/** Throws CLI_SERVER_UNKNOWN, with the nearest id, when the configuration has no server of this one. */
export function requireServer(config: Config, id: string): void {
  if (config.servers.has(id)) return
  const meant = nearest(id, config.servers.keys())
  throw new CliError('CLI_SERVER_UNKNOWN', 'the configuration has no server of this name', {
    hint: meant === null ? '`mcplexer status` shows what there is' : `did you mean ${meant}?`,
  })
}
