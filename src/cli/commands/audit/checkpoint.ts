import { Command } from 'clipanion'
import type { App } from '../../../app.ts'
import { BaseCommand } from '../../base-command.ts'
import { note } from '../../messages.ts'
import { print } from '../../present.ts'

export class AuditCheckpointCommand extends BaseCommand {
  static override paths = [['audit', 'checkpoint']]
  static override usage = Command.Usage({
    description: 'the newest entry, signed with the key of the vault, on one line to be kept elsewhere',
    examples: [['Where nobody here can write', 'mcplexer audit checkpoint >> /media/usb/kept.txt']],
  })

  protected async run(app: App): Promise<number> {
    const { encodeCheckpoint, headOf } = await import('../../../audit/index.ts')
    const head = await headOf(await app.usableActivity())
    if (head === null) {
      note('nothing on record yet')
      return 1
    }
    const { publicKey, sign } = await (await app.vault()).signer()
    await print(encodeCheckpoint(head, new Date(), publicKey, sign))
    return 0
  }
}
