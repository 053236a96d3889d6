import { Command, Option } from 'clipanion'
import type { App } from '../../../app.ts'
import { BaseCommand } from '../../base-command.ts'
import { printError, printHint } from '../../messages.ts'
import { print, printJson, table } from '../../present.ts'
import { sayingWhatFor, startedServers } from '../../waiting.ts'
import { counted } from '../../wording.ts'

const LONGEST_DESCRIPTION = 100

export class ToolsListCommand extends BaseCommand {
  static override paths = [['tools', 'list']]
  static override usage = Command.Usage({
    description: 'list the tools of all servers, as clients see them',
    details: 'What is stored is shown; a server that was never listed is started. Exits 1 when one fails.',
    examples: [
      ['What is stored', 'mcplexer tools list'],
      ['Start every server and ask anew', 'mcplexer tools list --refresh'],
    ],
  })

  isRefresh = Option.Boolean('--refresh', false, { description: 'start every server and ask it' })
  json = Option.Boolean('--json', false, { description: 'print JSON' })

  protected async run(app: App): Promise<number> {
    const config = await app.config()
    if (config.servers.size === 0) printHint(`write a server into ${config.path}; its comments say how`)
    const list = (await app.toolbox()).list({ refresh: this.isRefresh })
    const { tools, failures } = await sayingWhatFor(startedServers(config), list)
    if (this.json) await printJson({ tools, failures })
    else await print(tools.length === 0 ? 'no tools' : listText(tools))
    if (failures.length === 0) return 0
    const ids = failures.map(({ server }) => server).join(', ')
    printError(`${counted(failures.length, 'server')} could not be listed: ${ids}`)
    return 1
  }
}

function listText(tools: readonly { name: string; description: string }[]): string {
  return table(tools.map(({ name, description }) => [name, firstLine(description)]))
}

function firstLine(text: string): string {
  const [line = ''] = text.trim().split('\n', 1)
  return line.length > LONGEST_DESCRIPTION ? `${line.slice(0, LONGEST_DESCRIPTION - 1)}…` : line
}
