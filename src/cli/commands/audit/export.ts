import { Command } from 'clipanion'
import type { App } from '../../../app.ts'
import { BaseCommand } from '../../base-command.ts'
import { printJsonText } from '../../present.ts'

export class AuditExportCommand extends BaseCommand {
  static override paths = [['audit', 'export']]
  static override usage = Command.Usage({
    description: 'all entries as JSON, one on each line',
    examples: [['For other programs', 'mcplexer audit export > audit.jsonl']],
  })

  protected async run(app: App): Promise<number> {
    const { listed } = await import('../../../audit/index.ts')
    for await (const entry of listed(await app.usableActivity())) await printJsonText(JSON.stringify(entry))
    return 0
  }
}
