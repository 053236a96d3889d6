import { Command, Option } from 'clipanion'
import type { App } from '../../../app.ts'
import { BaseCommand } from '../../base-command.ts'
import { print, printJson, table } from '../../present.ts'

export class ScopeListCommand extends BaseCommand {
  static override paths = [['scope', 'list']]
  static override usage = Command.Usage({
    description: 'list the auth scopes of the file, and sealed ones that are no longer in it',
    examples: [['For a script', 'mcplexer scope list --json']],
  })

  json = Option.Boolean('--json', false, { description: 'print JSON' })

  protected async run(app: App): Promise<number> {
    const declared = (await app.config()).authScopes
    const sealed = await (await app.vault()).list()
    const counts = new Map(sealed.map(({ id, keys }) => [id, keys.length]))
    const scopes = [...new Set([...declared.keys(), ...counts.keys()])].map((id) => ({
      id,
      sealedKeys: counts.get(id) ?? 0,
      isInFile: declared.has(id),
    }))
    const rows = scopes.map(({ id, sealedKeys, isInFile }) => [
      id,
      String(sealedKeys),
      isInFile ? '' : `not in the file, never used; mcplexer scope delete ${id}`,
    ])
    if (this.json) await printJson(scopes)
    else await print(rows.length === 0 ? 'no auth scopes yet' : table([['SCOPE', 'SEALED KEYS', ''], ...rows]))
    return 0
  }
}
