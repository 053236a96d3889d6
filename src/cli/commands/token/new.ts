import { Command } from 'clipanion'
import type { App } from '../../../app.ts'
import { BaseCommand } from '../../base-command.ts'
import { note, print } from '../../present.ts'

export class TokenNewCommand extends BaseCommand {
  static override paths = [['token', 'new']]
  static override usage = Command.Usage({
    description: 'replace the token of `serve --http` and print the new one; the old one is refused at once',
    examples: [['After a leak', 'mcplexer token new']],
  })

  protected async run({ paths }: App): Promise<number> {
    const { replaceToken } = await import('../../../http-token.ts')
    await print(replaceToken(paths.httpToken))
    note('clients with the old token are refused from now on')
    return 0
  }
}
