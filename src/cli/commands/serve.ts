import { Command, Option } from 'clipanion'
import { BaseCommand } from '../base-command.ts'

const DEFAULT_ADDRESS = '127.0.0.1:3333'

/** Over stdio it is known to the help only: `main.ts` recognises that before any of this is loaded. */
export class ServeCommand extends BaseCommand {
  static override paths = [['serve']]
  static override usage = Command.Usage({
    description: 'speak MCP on stdin and stdout; this is what the AI client starts',
    details: 'With --http it listens instead, for clients that have the token of `mcplexer token show`.',
    examples: [
      ['In a client: command and argument', 'mcplexer serve'],
      ['With another configuration', 'mcplexer serve --config team.yaml'],
      ['Streamable HTTP on 127.0.0.1:3333', 'mcplexer serve --http'],
      ['On another port', 'mcplexer serve --http 127.0.0.1:8080'],
    ],
  })

  http = Option.Boolean('--http', false, { description: 'listen on ADDRESS instead' })
  address = Option.String({ name: 'ADDRESS', required: false })

  protected async run(): Promise<number> {
    if (!this.http) {
      const { serve } = await import('../../serve.ts')
      return serve(this.configPath)
    }
    const { serveHttp } = await import('../../serve-http.ts')
    return serveHttp(this.configPath, this.address ?? DEFAULT_ADDRESS)
  }
}
