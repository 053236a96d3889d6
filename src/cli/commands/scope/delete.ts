import { Command, Option } from 'clipanion'
import type { App } from '../../../app.ts'
import { BaseCommand } from '../../base-command.ts'
import { note } from '../../messages.ts'
import { confirm } from '../../prompt.ts'
import { unknownKey } from '../../scopes.ts'
import { counted } from '../../wording.ts'

export class ScopeDeleteCommand extends BaseCommand {
  static override paths = [['scope', 'delete']]
  static override usage = Command.Usage({
    description: 'forget everything that is sealed in an auth scope; the file stays as it is',
    examples: [
      ['After a question', 'mcplexer scope delete old-scope'],
      ['In a script', 'mcplexer scope delete old-scope --yes'],
    ],
  })

  scope = Option.String({ name: 'SCOPE' })
  isSure = Option.Boolean('--yes', false, { description: 'do not ask' })

  protected async run(app: App): Promise<number> {
    const vault = await app.vault()
    const sealed = await vault.list()
    const found = sealed.find(({ id }) => id === this.scope)
    const question = `Delete ${this.scope} with ${counted(found?.keys.length ?? 0, 'key')}?`
    if (!this.isSure && found !== undefined && !(await confirm(question))) {
      note('nothing was changed')
      return 1
    }
    // asked of the vault even when it is not listed: a row that somebody removed still stands in the manifest
    if (!(await vault.deleteScope(this.scope))) throw unknownKey(this.scope, '', sealed)
    note(`${this.scope} is deleted`)
    return 0
  }
}
