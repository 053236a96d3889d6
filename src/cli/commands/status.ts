import { existsSync } from 'node:fs'
import { Command, Option } from 'clipanion'
import type { App } from '../../app.ts'
import type { Config } from '../../config/index.ts'
import { BaseCommand } from '../base-command.ts'
import { print, printJson, table } from '../present.ts'
import { mending, missingKeys } from '../scopes.ts'

export class StatusCommand extends BaseCommand {
  static override paths = [['status']]
  static override usage = Command.Usage({
    description: 'show paths, servers and missing keys; starts nothing and opens nothing',
    examples: [
      ['For people', 'mcplexer status'],
      ['For scripts', 'mcplexer status --json'],
    ],
  })

  json = Option.Boolean('--json', false, { description: 'print JSON' })

  protected async run(app: App): Promise<number> {
    const config = await app.config()
    const sealed = await (await app.vault()).list()
    const missing = missingKeys(config.authScopes.values(), sealed)
    const files = Object.entries(app.paths).map(([name, path]) => ({ name, path, exists: existsSync(path) }))
    const servers = [...config.servers.values()].map((server) => ({
      id: server.id,
      authScope: server.authScope,
      isDisabled: server.isDisabled,
      missing: missing.filter(({ scope }) => scope === server.authScope).map(({ name }) => name),
    }))
    if (this.json) await printJson({ files, servers, missing })
    else
      await print(
        [filesTable(files), serversTable(config, servers), mending(missing)].filter(Boolean).join('\n\n'),
      )
    return 0
  }
}

function filesTable(files: readonly { name: string; path: string; exists: boolean }[]): string {
  return table(files.map(({ name, path, exists }) => [name, exists ? path : `${path} (not there yet)`]))
}

function serversTable(
  config: Config,
  servers: readonly { id: string; authScope: string | null; isDisabled: boolean; missing: string[] }[],
): string {
  if (servers.length === 0) return `no servers yet: add them to ${config.path}`
  const rows = servers.map(({ id, authScope, isDisabled, missing }) => {
    const state = isDisabled ? 'disabled' : missing.length > 0 ? `needs ${missing.join(', ')}` : 'ready'
    return [id, authScope ?? '-', state]
  })
  return table([['SERVER', 'AUTH SCOPE', 'STATE'], ...rows])
}
