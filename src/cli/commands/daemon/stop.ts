import { Command } from 'clipanion'
import type { App } from '../../../app.ts'
import { BaseCommand } from '../../base-command.ts'
import { print } from '../../present.ts'

export class DaemonStopCommand extends BaseCommand {
  static override paths = [['daemon', 'stop']]
  static override usage = Command.Usage({
    description: 'end the gateway that runs in the background, with all its servers',
    examples: [['Wait until it is gone', 'mcplexer daemon stop']],
  })

  protected async run(app: App): Promise<number> {
    const { stopDaemon } = await import('../../../daemon.ts')
    const stopped = await stopDaemon(app.paths)
    await print(stopped === null ? 'no daemon is running' : `process ${stopped.pid} has ended`)
    return 0
  }
}
