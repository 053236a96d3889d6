import { Command, Option } from 'clipanion'
import type { App } from '../../../app.ts'
import { BaseCommand } from '../../base-command.ts'
import { CliError } from '../../cli-error.ts'
import { say } from '../../present.ts'
import { confirm } from '../../prompt.ts'

export class ScopeDeleteCommand extends BaseCommand {
  static override paths = [['scope', 'delete']]
  static override usage = Command.Usage({
    description: 'forget everything that is sealed in an auth scope',
    examples: [
      ['After a question', 'mcplexer scope delete old-scope'],
      ['In a script', 'mcplexer scope delete old-scope --yes'],
    ],
  })

  scope = Option.String({ name: 'SCOPE' })
  isSure = Option.Boolean('--yes', false, { description: 'do not ask' })

  protected async run(app: App): Promise<number> {
    if (!this.isSure && !confirm(`Delete all keys of ${this.scope}?`)) {
      throw new CliError('CLI_CANCELLED', 'cancelled; nothing was changed')
    }
    if (!(await (await app.vault()).deleteScope(this.scope))) {
      throw new CliError('CLI_SCOPE_UNKNOWN', `nothing is sealed in ${this.scope}`, {
        hint: 'mcplexer scope list',
      })
    }
    say(`mcplexer: ${this.scope} is deleted`)
    return 0
  }
}
