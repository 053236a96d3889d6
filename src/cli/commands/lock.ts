import { Command } from 'clipanion'
import type { App } from '../../app.ts'
import { isMcplexerError, type McplexerError } from '../../base/index.ts'
import { BaseCommand } from '../base-command.ts'
import { CliError } from '../cli-error.ts'
import { note, printWarning } from '../messages.ts'
import { counted } from '../wording.ts'

export class LockCommand extends BaseCommand {
  static override paths = [['lock']]
  static override usage = Command.Usage({
    description:
      'end all servers of every running gateway, at once; until `unlock` none starts, and no value is read',
    details:
      'Needs no key. Gateways notice within a tenth of a second. Values that servers were given stay known to them. ' +
      'Refused are calls, starts of servers and `secret get`. What gives no value away goes on: `secret put` and ' +
      '`delete`, `rotate-key`, `key backup` and its like, and `doctor`. Where the lock cannot be written, as on a full ' +
      'disk, it holds in the gateways that run, as long as they do, and the exit code is 1.',
    examples: [['Stop everything', 'mcplexer lock']],
  })

  protected async run(app: App): Promise<number> {
    try {
      await (await app.vault()).lock(null)
    } catch (error) {
      tell(await app.holdGateways(true))
      throw isMcplexerError(error) ? notWritten(error) : error
    }
    note('locked; `mcplexer unlock` ends it')
    return 0
  }
}

function tell({ taken, others }: { taken: number; others: number }): void {
  if (taken + others === 0) note('no gateway is running')
  if (taken === 1) note('1 running gateway has ended its servers, and is locked as long as it runs')
  if (taken > 1) note(`${taken} running gateways have ended their servers, and are locked as long as they run`)
  if (others > 0) printWarning(`${counted(others, 'gateway')} did not answer, and may go on`)
}

function notWritten(error: McplexerError): CliError {
  const message = `the lock could not be written, and holds in no gateway that starts from now on: ${error.message}`
  const hint = 'when that is mended, run `mcplexer lock` again'
  return new CliError('CLI_LOCK_NOT_WRITTEN', message, { hint, cause: error })
}
