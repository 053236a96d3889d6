import { Command, Option } from 'clipanion'
import type { App } from '../../../app.ts'
import { namingConfiguration } from '../../../base/index.ts'
import { BaseCommand } from '../../base-command.ts'
import { printJson, printText } from '../../present.ts'
import { counted } from '../../wording.ts'

export class DaemonStatusCommand extends BaseCommand {
  static override paths = [['daemon', 'status']]
  static override usage = Command.Usage({
    description: 'show whether a gateway runs in the background; exits 1 when none does',
    examples: [
      ['For people', 'mcplexer daemon status'],
      ['For scripts', 'mcplexer daemon status --json'],
    ],
  })

  json = Option.Boolean('--json', false, { description: 'print JSON' })

  protected async run(app: App): Promise<number> {
    const { askDaemon, STATUS } = await import('../../../gateway/socket.ts')
    const status = await askDaemon(app.paths.socket, STATUS)
    if (this.json) await printJson({ running: status !== null, ...status })
    else if (status === null)
      await printText(namingConfiguration('no daemon is running; `mcplexer serve --daemon` starts one'))
    else {
      const { pid, version, sessions, uptimeSec, config } = status
      await printText(
        `running for ${uptimeSec} s as process ${pid}, version ${version}, ${counted(sessions, 'session')}\nconfiguration ${config}`,
      )
    }
    return status === null ? 1 : 0
  }
}
