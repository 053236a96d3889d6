import { Command, Option } from 'clipanion'
import type { App } from '../../app.ts'
import { BaseCommand } from '../base-command.ts'
import { note } from '../present.ts'

export class UnlockCommand extends BaseCommand {
  static override paths = [['unlock']]
  static override usage = Command.Usage({
    description: 'end a lock, or give a revoked auth scope back',
    examples: [
      ['After `lock`', 'mcplexer unlock'],
      ['After `scope revoke`', 'mcplexer unlock github-token'],
    ],
  })

  scope = Option.String({ name: 'SCOPE', required: false })

  protected async run(app: App): Promise<number> {
    const wasLocked = await (await app.vault()).unlock(this.scope ?? null)
    const what = this.scope ?? 'mcplexer'
    note(wasLocked ? `${what} is unlocked` : `${what} was not locked`)
    return wasLocked ? 0 : 1
  }
}
