import { Command, Option } from 'clipanion'
import type { App } from '../../../app.ts'
import { BaseCommand } from '../../base-command.ts'
import { print } from '../../present.ts'

export class ToolsCallCommand extends BaseCommand {
  static override paths = [['tools', 'call']]
  static override usage = Command.Usage({
    description: 'call a tool and print its result as JSON; exits 1 when the tool says it failed',
    examples: [
      ['Without arguments', 'mcplexer tools call github__get_me'],
      ['With', `mcplexer tools call github__search '{"q": "mcp"}'`],
    ],
  })

  name = Option.String({ name: 'NAME' })
  argumentsJson = Option.String({ name: 'JSON', required: false })

  protected async run(app: App): Promise<number> {
    const interrupt = new AbortController()
    process.once('SIGINT', () => interrupt.abort())
    const toolbox = await app.toolbox()
    const { resultJson, isError } = await toolbox.call(this.name, this.argumentsJson ?? '{}', interrupt.signal)
    await print(resultJson)
    return isError ? 1 : 0
  }
}
