import { Command } from 'clipanion'
import type { App } from '../../../app.ts'
import { BaseCommand } from '../../base-command.ts'
import { print } from '../../present.ts'

export class TokenShowCommand extends BaseCommand {
  static override paths = [['token', 'show']]
  static override usage = Command.Usage({
    description: 'print the token that clients of `serve --http` have to send',
    examples: [['As a header', 'curl -H "Authorization: Bearer $(mcplexer token show)" …']],
  })

  protected async run(app: App): Promise<number> {
    const { loadToken } = await import('../../../gateway/index.ts')
    await print(new TextDecoder().decode(loadToken(app.paths.httpToken).reveal()))
    return 0
  }
}
