import { Command, Option } from 'clipanion'
import type { App } from '../../app.ts'
import { log } from '../../base/index.ts'
import { BaseCommand } from '../base-command.ts'
import { CliError } from '../cli-error.ts'

/** Without options known to the help only: `main.ts` recognises it before any of this is loaded. */
export class ServeCommand extends BaseCommand {
  static override paths = [['serve']]
  static override usage = Command.Usage({
    description: 'speak MCP on stdin and stdout, as the AI client starts it; with options to many clients',
    details:
      'It ends when the client has closed stdin and got its last reply, or no longer reads. With --http it ' +
      'listens on 127.0.0.1:3333, or on HOST:PORT (port 0: any free one), at /mcp. Clients send the token that ' +
      '`mcplexer token show` prints. With --daemon it goes to the background, and clients start ' +
      '`mcplexer connect`.',
    examples: [
      ['In a client: command and argument', 'mcplexer serve'],
      ['With another configuration', 'mcplexer serve --config team.yaml'],
      ['Over HTTP, for clients on this machine', 'mcplexer serve --http 127.0.0.1:4000'],
      ['One gateway for all your editors', 'mcplexer serve --daemon'],
    ],
  })

  http = Option.Boolean('--http', false, { description: 'MCP over HTTP' })
  daemon = Option.Boolean('--daemon', false, { description: 'in the background, for `mcplexer connect`' })
  foreground = Option.Boolean('--foreground', false, { description: 'with --daemon: stay here' })
  address = Option.String({ name: 'HOST:PORT', required: false })
  readonly #stop = Promise.withResolvers<void>()

  protected override onInterrupt(): boolean {
    this.#stop.resolve()
    return true
  }

  protected async run(app: App): Promise<number> {
    if (this.http && this.daemon)
      throw new CliError('CLI_USAGE', '--http and --daemon are two gateways', { hint: 'start one of them' })
    if (this.foreground && !this.daemon)
      throw new CliError('CLI_USAGE', '--foreground goes with --daemon', {
        hint: 'mcplexer serve --daemon --foreground',
      })
    if (this.http) return this.#overHttp(app)
    if (this.address !== undefined)
      throw new CliError('CLI_USAGE', 'an address goes with --http', {
        hint: 'usage: mcplexer serve --http 127.0.0.1:3333',
      })
    if (this.daemon) return this.#inTheBackground()
    const { serve } = await import('../../serve.ts')
    return serve(this.configPath)
  }

  async #overHttp(app: App): Promise<number> {
    const { serveHttp } = await import('../../serve-http.ts')
    return serveHttp(app, this.address, this.#stop.promise)
  }

  async #inTheBackground(): Promise<number> {
    const { runDaemon, startDaemon } = await import('../../daemon.ts')
    if (this.foreground) return runDaemon(this.configPath, this.#stop.promise)
    const { pid, isNew } = await startDaemon(this.configPath)
    log.info(isNew ? `started in the background as process ${pid}` : `process ${pid} runs already`)
    return 0
  }
}
