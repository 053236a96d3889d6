import { Command, Option } from 'clipanion'
import type { App } from '../../../app.ts'
import { BaseCommand } from '../../base-command.ts'
import { noteAtTerminal } from '../../messages.ts'
import { printJsonText } from '../../present.ts'
import { sayingWhatFor, serverOf } from '../../waiting.ts'

export class ToolsCallCommand extends BaseCommand {
  static override paths = [['tools', 'call']]
  static override usage = Command.Usage({
    description: 'call a tool and print its result as JSON; exits 1 when the tool says it failed',
    details:
      'What the server answered goes to stdout as it came. When it could not be asked, stdout stays empty and stderr says why.',
    examples: [
      ['Without arguments', 'mcplexer tools call github__get_me'],
      ['With arguments', `mcplexer tools call github__search '{"q": "mcp"}'`],
    ],
  })

  name = Option.String({ name: 'NAME' })
  argumentsJson = Option.String({ name: 'JSON', required: false })
  readonly #interrupt = new AbortController()

  /** The server is told that nobody waits any more, and stopped on the way out. */
  protected override onInterrupt(): boolean {
    this.#interrupt.abort()
    noteAtTerminal('stopping the server; Ctrl-C again does not wait for it')
    return true
  }

  protected async run(app: App): Promise<number> {
    const toolbox = await app.toolbox()
    const { signal } = this.#interrupt
    const server = serverOf(await app.config(), this.name)
    const call = toolbox.call(this.name, this.argumentsJson ?? '{}', signal)
    const { resultJson, isError } = await sayingWhatFor(server, call)
    await printJsonText(resultJson)
    return isError ? 1 : 0
  }
}
