import { Command } from 'clipanion'
import { BaseCommand } from '../../base-command.ts'
import { printJson } from '../../present.ts'

export class ConfigSchemaCommand extends BaseCommand {
  static override paths = [['config', 'schema']]
  static override usage = Command.Usage({
    description: 'print the JSON Schema of the configuration, for editors',
    examples: [['Into a file', 'mcplexer config schema > mcplexer.schema.json']],
  })

  protected async run(): Promise<number> {
    const { configJsonSchema } = await import('../../../config/index.ts')
    await printJson(configJsonSchema())
    return 0
  }
}
