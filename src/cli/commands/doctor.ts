import { Command, Option } from 'clipanion'
import type { App } from '../../app.ts'
import { dangerousVariables, type Paths } from '../../base/index.ts'
import type { Config } from '../../config/index.ts'
import { canGive, Sandbox, type ShieldKind } from '../../sandbox/index.ts'
import { BaseCommand } from '../base-command.ts'
import { print, printJson, table } from '../present.ts'
import { presentError } from '../present-error.ts'
import { counted } from '../wording.ts'

interface Finding {
  readonly what: string
  readonly isGood: boolean
  readonly state: string
}

const SHIELD_STATES: Record<ShieldKind, string> = {
  bwrap: 'bubblewrap: servers see neither the files of mcplexer nor other processes',
  landlock: 'Landlock: servers cannot open the files of mcplexer, nor trace or signal other processes',
  seatbelt: 'sandbox-exec: servers cannot open the files of mcplexer, nor look at or signal other processes',
  none: 'none works here: servers can read what you can; install bubblewrap, and let users make namespaces',
}

const WRAPPED = 'wrapped: alone it opens nothing'
const OPEN =
  'lies open: who can read it can open all that is sealed; `mcplexer key protect --with HOW` wraps it'

export class DoctorCommand extends BaseCommand {
  static override paths = [['doctor']]
  static override usage = Command.Usage({
    description: 'say what protects the secrets on this machine, and what is missing; exits 1 then',
    details: 'Opens every auth scope once to see whether it opens. Starts no server and changes nothing.',
    examples: [
      ['For people', 'mcplexer doctor'],
      ['For scripts', 'mcplexer doctor --json'],
    ],
  })

  json = Option.Boolean('--json', false, { description: 'print JSON' })

  protected async run(app: App): Promise<number> {
    const kind = await new Sandbox(app.paths).kind()
    const errors: unknown[] = []
    const config = await app.config().catch((error) => void errors.push(error))
    const findings = [
      { what: 'shield', isGood: kind !== 'none', state: SHIELD_STATES[kind] },
      ...serverFindings(config ?? null, kind),
      environmentFinding(),
      ...(await lockFindings(app)),
      ...(await keyFindings(app.paths)),
      await vaultFinding(app, errors),
    ]
    const rows = findings.map(({ what, isGood, state }) => [isGood ? 'ok' : '!!', what, state])
    await (this.json ? printJson({ shield: kind, findings }) : print(table(rows)))
    for (const error of errors) presentError(error, this.configPath !== undefined)
    return errors.length === 0 && findings.every(({ isGood }) => isGood) ? 0 : 1
  }
}

/** Of servers that are started with less than the default. */
function serverFindings(config: Config | null, kind: ShieldKind): Finding[] {
  return [...(config?.servers.values() ?? [])].flatMap((server) => {
    const { id, shield } = server
    const what = `server ${id}`
    if (shield === 'off') return [{ what, isGood: false, state: 'its shield is off in the configuration' }]
    if (!canGive(kind, { level: shield, network: server.network }))
      return [{ what, isGood: false, state: 'is not started: what it asks for needs bubblewrap' }]
    return []
  })
}

function environmentFinding(): Finding {
  const names = dangerousVariables()
  const state = names.length === 0 ? 'nothing in it changes how mcplexer runs' : `unset ${names.join(', ')}`
  return { what: 'environment', isGood: names.length === 0, state }
}

/** None when they cannot be read: then the vault has more to say. */
async function lockFindings(app: App): Promise<Finding[]> {
  const locks = await app
    .vault()
    .then((vault) => vault.locks())
    .catch(() => null)
  const finding = (state: string): Finding => ({ what: 'lock', isGood: true, state })
  if (locks?.isLocked) return [finding('locked: no server starts until `mcplexer unlock`')]
  return [...(locks?.revoked ?? [])].map((id) => finding(`${id} is revoked until \`mcplexer unlock ${id}\``))
}

/** None of one that is missing or unsafe: then the vault has more to say. */
async function keyFindings({ keyFile }: Paths): Promise<Finding[]> {
  const { hasSafeKeyFile, isKeyWrapped } = await import('../../vault/index.ts')
  try {
    if (!hasSafeKeyFile(keyFile)) return []
    const state = isKeyWrapped(keyFile) ? WRAPPED : OPEN
    return [{ what: 'key file', isGood: true, state }]
  } catch {
    return []
  }
}

async function vaultFinding(app: App, errors: unknown[]): Promise<Finding> {
  try {
    const vault = await app.vault()
    if ((await vault.list()).length === 0) return { what: 'vault', isGood: true, state: 'nothing is sealed' }
    const scopes = await vault.openAll()
    return { what: 'vault', isGood: true, state: `${counted(scopes, 'auth scope')}, all of them open` }
  } catch (error) {
    errors.push(error)
    return { what: 'vault', isGood: false, state: 'not usable, see below' }
  }
}
