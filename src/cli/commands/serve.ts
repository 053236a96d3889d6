import { Command } from 'clipanion'
import { BaseCommand } from '../base-command.ts'

/** Known to the help only: `main.ts` recognises `serve` before any of this is loaded. */
export class ServeCommand extends BaseCommand {
  static override paths = [['serve']]
  static override usage = Command.Usage({
    description: 'speak MCP on stdin and stdout; this is what the AI client starts',
    examples: [
      ['In a client: command and argument', 'mcplexer serve'],
      ['With another configuration', 'mcplexer serve --config team.yaml'],
    ],
  })

  protected async run(): Promise<number> {
    const { serve } = await import('../../serve.ts')
    return serve(this.configPath)
  }
}
