import { Command, Option } from 'clipanion'
import type { App } from '../../../app.ts'
import { BaseCommand } from '../../base-command.ts'
import { note } from '../../messages.ts'
import { unknownKey } from '../../scopes.ts'

export class SecretDeleteCommand extends BaseCommand {
  static override paths = [['secret', 'delete']]
  static override usage = Command.Usage({
    description: 'forget a value; nothing of it stays in the vault',
    examples: [['One key', 'mcplexer secret delete github-token GITHUB_TOKEN']],
  })

  scope = Option.String({ name: 'SCOPE' })
  key = Option.String({ name: 'KEY' })

  protected async run(app: App): Promise<number> {
    const vault = await app.vault()
    if (!(await vault.deleteKey(this.scope, this.key)))
      throw unknownKey(this.scope, this.key, await vault.list())
    note(`${this.key} of ${this.scope} is deleted`)
    return 0
  }
}
