import { resolve } from 'node:path'
import { Command, Option } from 'clipanion'
import type { App } from '../../../app.ts'
import { BaseCommand } from '../../base-command.ts'
import { note } from '../../messages.ts'
import { newPassphrase } from '../../passphrase.ts'

export class KeyBackupCommand extends BaseCommand {
  static override paths = [['key', 'backup']]
  static override usage = Command.Usage({
    description: 'write the key, wrapped by a passphrase of its own, into a new file',
    details: '`age -d FILE` reads it too. Keep it apart from backups of mcplexer.db.',
    examples: [['On a stick', 'mcplexer key backup /media/usb/mcplexer-key.age']],
  })

  target = Option.String({ name: 'FILE' })

  protected async run(app: App): Promise<number> {
    const target = resolve(this.target)
    await (await app.vault()).backUpKey(target, () => newPassphrase('Passphrase of the backup'))
    note(`${target} is written; without its passphrase it opens nothing`)
    return 0
  }
}
