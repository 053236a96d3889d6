import { Command } from 'clipanion'
import { BaseCommand } from '../base-command.ts'

/** Known to the help only, as `serve` is. */
export class ConnectCommand extends BaseCommand {
  static override paths = [['connect']]
  static override usage = Command.Usage({
    description: 'like serve, but through one gateway that all clients share; starts it when there is none',
    examples: [['In a client: command and argument', 'mcplexer connect']],
  })

  protected async run(): Promise<number> {
    return (await import('../../daemon.ts')).connect(this.configPath)
  }
}
