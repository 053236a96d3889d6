import { Command, Option } from 'clipanion'
import type { App } from '../../../app.ts'
import { BaseCommand } from '../../base-command.ts'
import { ageOf, print, printJson, table } from '../../present.ts'
import { type MissingKey, mending, missingKeys } from '../../scopes.ts'

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
    const sealed = (await (await app.vault()).list()).filter(isWanted)
    const declared = [...(await app.config()).authScopes.values()].filter(isWanted)
    const missing = missingKeys(declared, sealed)
    const keys = sealed.flatMap(({ id, keys }) => keys.map((key) => ({ scope: id, ...key })))
    if (this.json) await printJson({ keys, missing })
    else await print(listText(keys, missing))
    return 0
  }
}

function listText(
  keys: readonly { scope: string; name: string; updatedAtMs: number }[],
  missing: readonly MissingKey[],
): string {
  const now = Date.now()
  const rows = [
    ...keys.map(({ scope, name, updatedAtMs }) => [scope, name, `${ageOf(updatedAtMs, now)} old`]),
    ...missing.map(({ scope, name }) => [scope, name, 'missing']),
  ]
  if (rows.length === 0) return 'nothing is sealed yet'
  return [table([['SCOPE', 'KEY', 'STATE'], ...rows]), mending(missing)].filter(Boolean).join('\n\n')
}
