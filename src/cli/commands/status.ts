import { existsSync } from 'node:fs'
import { Command, Option } from 'clipanion'
import { type Health, healthOf, type ServerHealth } from '../../app/health.ts'
import { restoringHint } from '../../app/key-state.ts'
import type { App } from '../../app.ts'
import { type Paths, version } from '../../base/index.ts'
import { BaseCommand } from '../base-command.ts'
import { printHint } from '../messages.ts'
import { print, printJson, table } from '../present.ts'
import { presentError } from '../present-error.ts'
import { mendingCommands } from '../scopes.ts'
import { counted } from '../wording.ts'

export class StatusCommand extends BaseCommand {
  static override paths = [['status']]
  static override usage = Command.Usage({
    description: 'show paths, servers and missing keys; starts nothing and decrypts nothing',
    details: 'Shows what it can when something is wrong, and exits 1 then.',
    examples: [
      ['For people', 'mcplexer status'],
      ['For scripts', 'mcplexer status --json'],
    ],
  })

  json = Option.Boolean('--json', false, { description: 'print JSON' })

  protected async run(app: App): Promise<number> {
    const health = await healthOf(app)
    const { servers, missing, errors } = health
    const files = fileRows(app.paths, health)
    const text = [filesText(files), serversText(servers), mendingCommands(missing)]
    await (this.json
      ? printJson({ version, files, servers, missing })
      : print(text.filter(Boolean).join('\n\n')))
    for (const error of errors) presentError(error, this.configPath !== undefined)
    for (const hint of [restoringHint(errors, app.paths.keyFile), wrongFileHint(health)])
      if (hint !== null) printHint(hint)
    return errors.length === 0 ? 0 : 1
  }
}

/** Without an `export` of MCPLEXER_CONFIG all would look as if there were nothing. */
function wrongFileHint({ config, sealed }: Health): string | null {
  if (config === null || sealed === null || sealed.length === 0) return null
  if (sealed.some(({ id }) => config.authScopes.has(id))) return null
  return `nothing that is sealed is for an auth scope in ${config.path}; --config or MCPLEXER_CONFIG names another file`
}

interface FileRow {
  readonly name: string
  readonly path: string
  readonly state: string
}

function fileRows(paths: Paths, { config, sealed, key, isRecordUsable }: Health): FileRow[] {
  const keyCount = sealed?.reduce((sum, { keys }) => sum + keys.length, 0) ?? 0
  const servers = config && counted(config.servers.size, 'server')
  const scopes = sealed && `${counted(sealed.length, 'scope')}, ${counted(keyCount, 'key')}`
  return [
    fileRow('configuration', paths.config, servers),
    fileRow('vault', paths.vault, scopes),
    fileRow('key file', paths.keyFile, key),
    fileRow('activity', paths.activity, isRecordUsable ? 'record, pins, lists of tools' : null),
  ]
}

function fileRow(name: string, path: string, state: string | null): FileRow {
  return { name, path, state: existsSync(path) ? state || 'not usable, see below' : 'not there' }
}

function filesText(files: readonly FileRow[]): string {
  return table(files.map(({ name, path, state }) => [name, path, state]))
}

function serversText(servers: readonly ServerHealth[]): string {
  if (servers.length === 0) return ''
  const rows = servers.map(({ id, authScope, shield, state }) => [id, authScope ?? '-', shield, state])
  return table([['SERVER', 'AUTH SCOPE', 'SHIELD', 'STATE'], ...rows])
}
