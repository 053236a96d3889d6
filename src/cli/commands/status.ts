import { existsSync } from 'node:fs'
import { Command, Option } from 'clipanion'
import { keyState, restoringHint } from '../../app/key-state.ts'
import type { App } from '../../app.ts'
import { type Paths, version } from '../../base/index.ts'
import type { Config, Server } from '../../config/index.ts'
import type { ShieldKind } from '../../sandbox/index.ts'
import type { Locks, ScopeSummary } from '../../vault/index.ts'
import { BaseCommand } from '../base-command.ts'
import { printHint } from '../messages.ts'
import { print, printJson, table } from '../present.ts'
import { presentError } from '../present-error.ts'
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
    const { Sandbox } = await import('../../sandbox/index.ts')
    const errors: unknown[] = []
    const config = await attempt(() => app.config(), errors)
    const sealed = await attempt(async () => (await app.vault()).list(), errors)
    const locks = sealed === null ? null : await attempt(async () => (await app.vault()).locks(), errors)
    const key = await attempt(() => keyState(app, sealed), errors)
    const record = await attempt(() => recordState(app), errors)
    const files = fileRows(app.paths, { config, sealed, key, record })
    const missing = missingKeys(config?.authScopes.values() ?? [], sealed ?? [])
    const shield = await new Sandbox(app.paths).kind()
    const incomplete = new Set(missing.map(({ scope }) => scope))
    const unapproved = await waitingForReview(app)
    const servers = serverRows(config, { incomplete, isKeyUsable: key !== null, locks, unapproved }, shield)
    const text = [filesText(files), serversText(servers), mendingCommands(missing)]
    await (this.json
      ? printJson({ version, files, servers, missing })
      : print(text.filter(Boolean).join('\n\n')))
    for (const error of errors) presentError(error, this.configPath !== undefined)
    const hint = restoringHint(errors, app.paths.keyFile)
    if (hint !== null) printHint(hint)
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

/** Each null when it cannot be used. */
interface Contents {
  readonly config: Config | null
  readonly sealed: readonly ScopeSummary[] | null
  readonly key: string | null
  readonly record: string | null
}

function fileRows(paths: Paths, { config, sealed, key, record }: Contents): FileRow[] {
  const keyCount = sealed?.reduce((sum, { keys }) => sum + keys.length, 0) ?? 0
  const servers = config && counted(config.servers.size, 'server')
  const scopes = sealed && `${counted(sealed.length, 'scope')}, ${counted(keyCount, 'key')}`
  return [
    fileRow('configuration', paths.config, servers),
    fileRow('vault', paths.vault, scopes),
    fileRow('key file', paths.keyFile, key),
    fileRow('activity', paths.activity, record),
  ]
}

function fileRow(name: string, path: string, state: string | null): FileRow {
  return { name, path, state: existsSync(path) ? state || 'not usable, see below' : 'not there' }
}

interface ServerRow {
  readonly id: string
  readonly authScope: string | null
  /** The one that it is started behind on this machine. */
  readonly shield: string
  readonly state: string
}

interface Credentials {
  /** Scopes that required keys are missing from. */
  readonly incomplete: ReadonlySet<string>
  readonly isKeyUsable: boolean
  readonly locks: Locks | null
  /** Servers whose launch a person has to look at. */
  readonly unapproved: ReadonlySet<string>
}

async function recordState(app: App): Promise<string> {
  // looking creates nothing
  if (existsSync(app.paths.activity)) await app.usableActivity()
  return 'record, pins, lists of tools'
}

/** None where nothing is remembered: then nothing is compared either. */
async function waitingForReview(app: App): Promise<ReadonlySet<string>> {
  if (!existsSync(app.paths.activity)) return new Set()
  try {
    const launches = await (await app.review()).launches()
    return new Set(launches.map(({ serverId }) => serverId))
  } catch {
    return new Set()
  }
}

function serverRows(config: Config | null, credentials: Credentials, kind: ShieldKind): ServerRow[] {
  return [...(config?.servers.values() ?? [])].map((server) => {
    const { id, authScope } = server
    const shield = server.shield === 'off' ? 'off' : kind
    return { id, authScope, shield, state: stateOf(server, credentials) }
  })
}

/** As far as it can be told without starting it. */
function stateOf({ id, isDisabled, command, authScope }: Server, credentials: Credentials): string {
  const { incomplete, isKeyUsable, locks, unapproved } = credentials
  if (isDisabled) return 'disabled'
  if (locks?.isLocked) return 'locked'
  if (authScope !== null && locks?.revoked.has(authScope)) return 'its scope is revoked'
  if (authScope !== null && incomplete.has(authScope)) return 'keys are missing'
  if (authScope !== null && !isKeyUsable) return 'the key file is not usable'
  if (unapproved.has(id)) return 'waits for `servers review`'
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
