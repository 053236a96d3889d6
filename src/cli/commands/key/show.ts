import { Command, Option } from 'clipanion'
import type { App } from '../../../app.ts'
import { BaseCommand } from '../../base-command.ts'
import { print, printJson, table } from '../../present.ts'
import { isOutputTerminal } from '../../terminal.ts'
import { shortRecipient } from '../../wording.ts'

export class KeyShowCommand extends BaseCommand {
  static override paths = [['key', 'show']]
  static override usage = Command.Usage({
    description: 'the public half of the key, and how the key file is protected',
    examples: [['For people', 'mcplexer key show']],
  })

  json = Option.Boolean('--json', false, { description: 'print JSON' })

  protected async run(app: App): Promise<number> {
    const { path, protection, recipients } = await (await app.vault()).describeKey()
    if (this.json) await printJson({ path, protection, recipients })
    else {
      // what is piped goes into another program, which needs all of it
      const shown = isOutputTerminal() ? recipients.map(shortRecipient) : recipients
      const keys = shown.map((recipient) => ['public key', recipient])
      await print(table([['key file', path], ['protected by', protection], ...keys]))
    }
    return 0
  }
}
