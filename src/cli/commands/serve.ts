import { Command, Option } from 'clipanion'
import { log } from '../../base/index.ts'
import { BaseCommand } from '../base-command.ts'
import { CliError } from '../cli-error.ts'

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
      ['In the background, for `mcplexer connect`', 'mcplexer serve --daemon'],
    ],
  })

  http = Option.Boolean('--http', false, { description: 'listen on ADDRESS instead' })
  daemon = Option.Boolean('--daemon', false, { description: 'run in the background, for `mcplexer connect`' })
  foreground = Option.Boolean('--foreground', false, { description: 'with --daemon: stay here' })
  address = Option.String({ name: 'ADDRESS', required: false })

  protected async run(): Promise<number> {
    if (this.daemon) return this.#runDaemon()
    if (this.address !== undefined && !this.http) {
      throw new CliError('CLI_USAGE', 'an address is for --http', {
        hint: 'usage: mcplexer serve [--http [ADDRESS]]',
      })
    }
    if (!this.http) {
      const { serve } = await import('../../serve.ts')
      return serve(this.configPath)
    }
    const { serveHttp } = await import('../../serve-http.ts')
    return serveHttp(this.configPath, this.address ?? DEFAULT_ADDRESS)
  }

  async #runDaemon(): Promise<number> {
    const { runDaemon, startDaemon } = await import('../../daemon.ts')
    if (this.foreground) return runDaemon(this.configPath)
    const { pid, isNew } = await startDaemon(this.configPath)
    log.info(isNew ? `started in the background as process ${pid}` : `process ${pid} runs already`)
    return 0
  }
}
