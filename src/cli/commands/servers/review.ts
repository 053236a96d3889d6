import { Command, Option } from 'clipanion'
import type { ChangedLaunch } from '../../../app/review.ts'
import type { App } from '../../../app.ts'
import { visibleLine } from '../../../base/index.ts'
import { BaseCommand } from '../../base-command.ts'
import { lineDiff } from '../../diff.ts'
import { note } from '../../messages.ts'
import { print } from '../../present.ts'
import { confirm } from '../../prompt.ts'
import { waitingOf } from '../../servers.ts'

export class ServersReviewCommand extends BaseCommand {
  static override paths = [['servers', 'review']]
  static override usage = Command.Usage({
    description: 'look at servers whose start has changed since they got their auth scope, and approve it',
    details:
      'A server that is started otherwise than before (command, arguments, folder, environment, shield) gets no ' +
      'secret until you have looked at the difference.',
    examples: [
      ['All that wait', 'mcplexer servers review'],
      ['One of them', 'mcplexer servers review github'],
    ],
  })

  isSure = Option.Boolean('--yes', false, { description: 'approve without asking' })
  server = Option.String({ name: 'SERVER', required: false })

  protected async run(app: App): Promise<number> {
    const review = await app.review()
    let left = 0
    for (const change of await waitingOf(app, await review.launches(), this.server)) {
      const isApproved = await this.#isApproved(change)
      if (isApproved) await review.approveLaunch(change)
      else left++
      note(`${change.serverId} is ${isApproved ? '' : 'not '}approved`)
    }
    return left === 0 ? 0 : 1
  }

  async #isApproved({ serverId, scopeId, before, after }: ChangedLaunch): Promise<boolean> {
    const isUnshielded = JSON.parse(after).shield === 'off'
    const scope = scopeId === '' ? [] : [`auth scope ${scopeId}`]
    const gets = [...scope, ...(isUnshielded ? ['without a shield'] : [])].join(', ')
    const changes = lineDiff(before ?? '', after)
      .map(visibleLine)
      .join('\n')
    await print(`server ${serverId}, ${gets}\n${changes}`)
    return this.isSure || confirm(`May ${serverId} be started like this: ${gets}?`)
  }
}
