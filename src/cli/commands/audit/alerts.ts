import { Command, Option } from 'clipanion'
import type { App } from '../../../app.ts'
import { visibleLine } from '../../../base/index.ts'
import { timeOf } from '../../audit-view.ts'
import { BaseCommand } from '../../base-command.ts'
import { print, printJson, table } from '../../present.ts'

export class AuditAlertsCommand extends BaseCommand {
  static override paths = [['audit', 'alerts']]
  static override usage = Command.Usage({
    description: 'what stands out in the record; exits 1 when something does',
    details:
      'The first use of an auth scope by another client, many calls in a minute, hours at which nothing was ever ' +
      'done, openings that failed, values that servers said.',
    examples: [
      ['Of the last week', 'mcplexer audit alerts'],
      ['Of today', 'mcplexer audit alerts --since 24h'],
    ],
  })

  since = Option.String('--since', '7d', { description: '90m, 24h, 7d or a date' })
  json = Option.Boolean('--json', false, { description: 'print JSON' })

  protected async run(app: App): Promise<number> {
    const { alertsIn, listed } = await import('../../../audit/index.ts')
    const entries = await Array.fromAsync(listed(await app.usableActivity()))
    const alerts = alertsIn(entries, timeOf(this.since, Date.now()))
    const rows = alerts.map(({ atMs, text }) => [new Date(atMs).toISOString().slice(0, 16), visibleLine(text)])
    await (this.json ? printJson(alerts) : print(rows.length === 0 ? 'nothing stands out' : table(rows)))
    return alerts.length === 0 ? 0 : 1
  }
}
