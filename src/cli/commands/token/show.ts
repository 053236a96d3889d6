import { Command } from 'clipanion'
import type { App } from '../../../app.ts'
import { BaseCommand } from '../../base-command.ts'
import { print } from '../../present.ts'

export class TokenShowCommand extends BaseCommand {
  static override paths = [['token', 'show']]
  static override usage = Command.Usage({
    description: 'print the token that clients of `serve --http` send',
    examples: [
      [
        'Into a client',
        'claude mcp add --transport http mcplexer http://127.0.0.1:3333/mcp --header "Authorization: Bearer $(mcplexer token show)"',
      ],
    ],
  })

  protected async run(app: App): Promise<number> {
    await print(await app.httpToken('show'))
    return 0
  }
}
