import { Command } from 'clipanion'
import type { App } from '../../../app.ts'
import { BaseCommand } from '../../base-command.ts'
import { note } from '../../messages.ts'
import { print } from '../../present.ts'

export class TokenNewCommand extends BaseCommand {
  static override paths = [['token', 'new']]
  static override usage = Command.Usage({
    description: 'replace the token of `serve --http` and print the new one; the old one is refused at once',
    examples: [['After a leak', 'mcplexer token new']],
  })

  protected async run(app: App): Promise<number> {
    await print(await app.httpToken('new'))
    note('clients with the old token are refused from now on')
    return 0
  }
}
