import { Command, Option } from 'clipanion'
import type { App } from '../../../app.ts'
import { BaseCommand } from '../../base-command.ts'
import { CliError } from '../../cli-error.ts'
import { printBytes, say } from '../../present.ts'

export class SecretGetCommand extends BaseCommand {
  static override paths = [['secret', 'get']]
  static override usage = Command.Usage({
    description: 'print a value, byte for byte',
    examples: [['Into another program', 'mcplexer secret get github-token GITHUB_TOKEN | wl-copy']],
  })

  scope = Option.String({ name: 'SCOPE' })
  key = Option.String({ name: 'KEY' })

  protected async run(app: App): Promise<number> {
    const opened = await (await app.vault()).open(this.scope)
    try {
      const value = opened?.keys.get(this.key)
      if (value === undefined) {
        throw new CliError('CLI_KEY_UNKNOWN', `nothing is sealed as ${this.key} in ${this.scope}`, {
          hint: 'mcplexer secret list',
        })
      }
      await printBytes(value.reveal())
      if (process.stdout.isTTY) say('')
      return 0
    } finally {
      opened?.wipe()
    }
  }
}
