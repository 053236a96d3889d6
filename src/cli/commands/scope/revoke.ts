import { Command, Option } from 'clipanion'
import type { App } from '../../../app.ts'
import { BaseCommand } from '../../base-command.ts'
import { note } from '../../messages.ts'
import { refuseUnknownScope } from '../../scopes.ts'

export class ScopeRevokeCommand extends BaseCommand {
  static override paths = [['scope', 'revoke']]
  static override usage = Command.Usage({
    description: 'end the servers that hold an auth scope, in every running gateway, and open it no more',
    details: 'Its values stay sealed; `mcplexer unlock SCOPE` gives it back.',
    examples: [['When a token may have leaked', 'mcplexer scope revoke github-token']],
  })

  scope = Option.String({ name: 'SCOPE' })

  protected async run(app: App): Promise<number> {
    await refuseUnknownScope(app, this.scope)
    await (await app.vault()).lock(this.scope)
    note(`${this.scope} is revoked; \`mcplexer unlock ${this.scope}\` gives it back`)
    return 0
  }
}
