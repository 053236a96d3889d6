import { Command } from 'clipanion'
import type { App } from '../../app.ts'
import { BaseCommand } from '../base-command.ts'
import { note } from '../messages.ts'

export class LockCommand extends BaseCommand {
  static override paths = [['lock']]
  static override usage = Command.Usage({
    description:
      'end all servers of every running gateway, at once; until `unlock` none starts, and no value is read',
    details:
      'Needs no key. Gateways notice within a tenth of a second. Values that servers were given stay known to them. ' +
      'Refused are calls, starts of servers and `secret get`. What gives no value away goes on: `secret put` and ' +
      '`delete`, `rotate-key`, `key backup` and its like, and `doctor`.',
    examples: [['Stop everything', 'mcplexer lock']],
  })

  protected async run(app: App): Promise<number> {
    await (await app.vault()).lock(null)
    note('locked; `mcplexer unlock` ends it')
    return 0
  }
}
