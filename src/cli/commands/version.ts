import { Command } from 'clipanion'
import { version } from '../../base/index.ts'
import { BaseCommand } from '../base-command.ts'
import { print } from '../present.ts'

export class VersionCommand extends BaseCommand {
  static override paths = [['version']]
  static override usage = Command.Usage({
    description: 'print the version',
    examples: [['What is installed', 'mcplexer version']],
  })

  protected async run(): Promise<number> {
    await print(`mcplexer ${version} (bun ${Bun.version}, ${process.platform}-${process.arch})`)
    return 0
  }
}
