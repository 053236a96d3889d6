import { Command, Option } from 'clipanion'
import { type MissingKey, missingKeys } from '../../../app/health.ts'
import type { App } from '../../../app.ts'
import { BaseCommand } from '../../base-command.ts'
import { print, printJson, table } from '../../present.ts'
import { mendingCommands, requireScope } from '../../scopes.ts'
import { ageOf } from '../../wording.ts'

interface SealedKey {
  readonly scope: string
  readonly name: string
  readonly updatedAtMs: number
}

export class SecretListCommand extends BaseCommand {
  static override paths = [['secret', 'list']]
  static override usage = Command.Usage({
    description: 'list key names, their ages and missing required keys; decrypts nothing',
    examples: [
      ['All scopes', 'mcplexer secret list'],
      ['One scope, for a script', 'mcplexer secret list github-token --json'],
    ],
  })

  scope = Option.String({ name: 'SCOPE', required: false })
  json = Option.Boolean('--json', false, { description: 'print JSON' })

  protected async run(app: App): Promise<number> {
    const isWanted = ({ id }: { id: string }): boolean => this.scope === undefined || id === this.scope
    const config = await app.config()
    const sealed = (await (await app.vault()).list()).filter(isWanted)
    if (this.scope !== undefined && sealed.length === 0) requireScope(config, this.scope)
    const missing = missingKeys([...config.authScopes.values()].filter(isWanted), sealed)
    const keys = sealed.flatMap(({ id, keys }) => keys.map((key) => ({ scope: id, ...key })))
    await (this.json ? printJson({ keys, missing }) : print(listText(keys, missing, Date.now())))
    return 0
  }
}

function listText(keys: readonly SealedKey[], missing: readonly MissingKey[], nowMs: number): string {
  const rows = [
    ...keys.map(({ scope, name, updatedAtMs }) => [scope, name, ageOf(updatedAtMs, nowMs)]),
    ...missing.map(({ scope, name }) => [scope, name, 'missing']),
  ]
  if (rows.length === 0) return 'nothing is sealed yet'
  return [table([['SCOPE', 'KEY', 'PUT'], ...rows]), mendingCommands(missing)].filter(Boolean).join('\n\n')
}
