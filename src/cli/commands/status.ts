import { existsSync } from 'node:fs'
import { Command, Option } from 'clipanion'
import type { App } from '../../app.ts'
import { type Paths, version } from '../../base/index.ts'
import type { Config, Server } from '../../config/index.ts'
import type { ShieldKind } from '../../sandbox/index.ts'
import type { ScopeSummary } from '../../vault/index.ts'
import { BaseCommand } from '../base-command.ts'
import { CliError } from '../cli-error.ts'
import { presentError, print, printJson, table } from '../present.ts'
import { mendingCommands, missingKeys } from '../scopes.ts'
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
    const { hasSafeKeyFile } = await import('../../vault/index.ts')
    const { Sandbox } = await import('../../sandbox/index.ts')
    const errors: unknown[] = []
    const config = await attempt(() => app.config(), errors)
    const sealed = await attempt(async () => (await app.vault()).list(), errors)
    const hasKey = await attempt(async () => hasSafeKeyFile(app.paths.keyFile), errors)
    if (hasKey === false && sealed !== null && sealed.length > 0) errors.push(keyFileMissing(app.paths.keyFile))
    const files = fileRows(app.paths, config, sealed, hasKey)
    const missing = missingKeys(config?.authScopes.values() ?? [], sealed ?? [])
    const shield = await new Sandbox(app.paths).kind()
    const servers = serverRows(config, new Set(missing.map(({ scope }) => scope)), shield)
    const text = [filesText(files), serversText(servers), mendingCommands(missing)]
    await (this.json
      ? printJson({ version, files, servers, missing })
      : print(text.filter(Boolean).join('\n\n')))
    for (const error of errors) presentError(error, this.configPath !== undefined)
    return errors.length === 0 ? 0 : 1
  }
}

interface FileRow {
  readonly name: string
  readonly path: string
  readonly state: string
}

/** Null when it failed: the other rooms are still worth looking into. */
async function attempt<T>(look: () => Promise<T>, errors: unknown[]): Promise<T | null> {
  try {
    return await look()
  } catch (error) {
    errors.push(error)
    return null
  }
}

function fileRows(
  paths: Paths,
  config: Config | null,
  sealed: readonly ScopeSummary[] | null,
  hasKey: boolean | null,
): FileRow[] {
  const keyCount = sealed?.reduce((sum, { keys }) => sum + keys.length, 0) ?? 0
  const servers = config && counted(config.servers.size, 'server')
  const scopes = sealed && `${counted(sealed.length, 'scope')}, ${counted(keyCount, 'key')}`
  return [
    fileRow('configuration', paths.config, servers),
    fileRow('vault', paths.vault, scopes),
    fileRow('key file', paths.keyFile, hasKey && 'private'),
    fileRow('activity', paths.activity, 'lists of tools'),
  ]
}

function keyFileMissing(path: string): CliError {
  return new CliError(
    'VAULT_IDENTITY_MISSING',
    `the key file ${path} is missing: nothing that is sealed opens`,
    {
      hint: 'put it back from a backup, or set MCPLEXER_AGE_KEY to where it is',
    },
  )
}

function fileRow(name: string, path: string, state: string | false | null): FileRow {
  return { name, path, state: existsSync(path) ? state || 'not usable, see below' : 'not there' }
}

interface ServerRow {
  readonly id: string
  readonly authScope: string | null
  /** The one that it is started behind on this machine. */
  readonly shield: string
  readonly state: string
}

function serverRows(config: Config | null, incomplete: ReadonlySet<string>, kind: ShieldKind): ServerRow[] {
  return [...(config?.servers.values() ?? [])].map((server) => {
    const { id, authScope } = server
    const shield = server.shield === 'off' ? 'off' : kind
    return { id, authScope, shield, state: stateOf(server, authScope !== null && incomplete.has(authScope)) }
  })
}

/** As far as it can be told without starting it. */
function stateOf({ isDisabled, command }: Server, isIncomplete: boolean): string {
  if (isDisabled) return 'disabled'
  if (isIncomplete) return 'keys are missing'
  return Bun.which(command) === null ? 'command not found' : 'nothing is missing'
}

function filesText(files: readonly FileRow[]): string {
  return table(files.map(({ name, path, state }) => [name, path, state]))
}

function serversText(servers: readonly ServerRow[]): string {
  if (servers.length === 0) return ''
  const rows = servers.map(({ id, authScope, shield, state }) => [id, authScope ?? '-', shield, state])
  return table([['SERVER', 'AUTH SCOPE', 'SHIELD', 'STATE'], ...rows])
}
