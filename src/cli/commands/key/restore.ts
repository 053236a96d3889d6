import { resolve } from 'node:path'
import { Command, Option } from 'clipanion'
import type { App } from '../../../app.ts'
import { BaseCommand } from '../../base-command.ts'
import { note } from '../../messages.ts'
import { passphrase } from '../../passphrase.ts'

export class KeyRestoreCommand extends BaseCommand {
  static override paths = [['key', 'restore']]
  static override usage = Command.Usage({
    description: 'put the key of a backup where the key file is missing',
    details: 'Never overwrites a key file. Afterwards it lies open; `key protect` wraps it again.',
    examples: [['From a stick', 'mcplexer key restore /media/usb/mcplexer-key.age']],
  })

  source = Option.String({ name: 'FILE' })

  protected async run(app: App): Promise<number> {
    await (await app.vault()).restoreKey(resolve(this.source), () => passphrase('Passphrase of the backup'))
    note(`${app.paths.keyFile} is there again, and lies open: \`mcplexer key protect --with HOW\` wraps it`)
    return 0
  }
}
