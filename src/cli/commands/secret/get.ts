import { Command, Option } from 'clipanion'
import type { App } from '../../../app.ts'
import { BaseCommand } from '../../base-command.ts'
import { printBytes } from '../../present.ts'
import { unknownKey } from '../../scopes.ts'
import { isOutputTerminal } from '../../terminal.ts'

const NEWLINE = new TextEncoder().encode('\n')

export class SecretGetCommand extends BaseCommand {
  static override paths = [['secret', 'get']]
  static override usage = Command.Usage({
    description: 'print a value, byte for byte; a newline follows on a terminal only',
    examples: [['Into another program', 'mcplexer secret get github-token GITHUB_TOKEN | wl-copy']],
  })

  scope = Option.String({ name: 'SCOPE' })
  key = Option.String({ name: 'KEY' })

  protected async run(app: App): Promise<number> {
    const vault = await app.vault()
    const opened = await vault.openFor(this.scope, this.key)
    try {
      const value = opened?.keys.get(this.key)
      if (value === undefined) throw unknownKey(this.scope, this.key, await vault.list())
      await printBytes(value.reveal())
      if (isOutputTerminal()) await printBytes(NEWLINE)
      return 0
    } finally {
      opened?.wipe()
    }
  }
}
