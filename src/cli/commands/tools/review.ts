import { Command, Option } from 'clipanion'
import type { App } from '../../../app.ts'
import { visibleLine } from '../../../base/index.ts'
import { BaseCommand } from '../../base-command.ts'
import { lineDiff } from '../../diff.ts'
import { note } from '../../messages.ts'
import { print } from '../../present.ts'
import { confirm } from '../../prompt.ts'
import { waitingOf } from '../../servers.ts'
import { counted } from '../../wording.ts'

export class ToolsReviewCommand extends BaseCommand {
  static override paths = [['tools', 'review']]
  static override usage = Command.Usage({
    description: 'look at tools that have changed since they were first seen, and approve them',
    details:
      'A changed or new tool is withheld from clients until you have looked at it. Clients get what is approved ' +
      'when they next start.',
    examples: [
      ['All that wait', 'mcplexer tools review'],
      ['Of one server', 'mcplexer tools review github'],
    ],
  })

  isSure = Option.Boolean('--yes', false, { description: 'approve without asking' })
  server = Option.String({ name: 'SERVER', required: false })

  protected async run(app: App): Promise<number> {
    const review = await app.review()
    const waiting = await waitingOf(app, await review.items(), this.server)
    let left = 0
    for (const [serverId, items] of Map.groupBy(waiting, (each) => each.serverId)) {
      // a server may say something else to each kind of client
      const shown = new Map(items.map((each) => [`${each.item}\n${each.before}\n${each.source}`, each]))
      for (const { item, before, source } of shown.values())
        await print(`${visibleLine(`${serverId}: ${item}`)}\n${difference(before, source)}\n`)
      if (!this.isSure && !(await confirm(`Offer ${counted(shown.size, 'item')} of ${serverId} like this?`))) {
        note(`nothing of ${serverId} is approved`)
        left++
        continue
      }
      await review.approveItems(serverId, items)
      note(`${counted(shown.size, 'item')} of ${serverId} approved`)
    }
    return left === 0 ? 0 : 1
  }
}

function difference(before: string | null, after: string): string {
  const pretty = (source: string) => JSON.stringify(JSON.parse(source), null, 1)
  return lineDiff(before === null ? '' : pretty(before), pretty(after))
    .map(visibleLine)
    .join('\n')
}
