import { Command, Option } from 'clipanion'
import type { App } from '../../../app.ts'
import { BaseCommand } from '../../base-command.ts'
import { CliError } from '../../cli-error.ts'
import { say } from '../../present.ts'

export class SecretDeleteCommand extends BaseCommand {
  static override paths = [['secret', 'delete']]
  static override usage = Command.Usage({
    description: 'forget a value; nothing of it stays on disk',
    examples: [['One key', 'mcplexer secret delete github-token GITHUB_TOKEN']],
  })

  scope = Option.String({ name: 'SCOPE' })
  key = Option.String({ name: 'KEY' })

  protected async run(app: App): Promise<number> {
    if (!(await (await app.vault()).deleteKey(this.scope, this.key))) {
      throw new CliError('CLI_KEY_UNKNOWN', `nothing is sealed as ${this.key} in ${this.scope}`, {
        hint: 'mcplexer secret list',
      })
    }
    say(`mcplexer: ${this.key} of ${this.scope} is deleted`)
    return 0
  }
}
