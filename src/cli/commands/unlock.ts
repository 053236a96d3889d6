import { Command, Option } from 'clipanion'
import type { App } from '../../app.ts'
import { BaseCommand } from '../base-command.ts'
import { note } from '../messages.ts'
import { refuseUnknownScope } from '../scopes.ts'
import { counted } from '../wording.ts'

export class UnlockCommand extends BaseCommand {
  static override paths = [['unlock']]
  static override usage = Command.Usage({
    description: 'end a lock, give a revoked auth scope back, open a protected key file for running gateways',
    examples: [
      ['After `lock`', 'mcplexer unlock'],
      ['After `scope revoke`', 'mcplexer unlock github-token'],
    ],
  })

  scope = Option.String({ name: 'SCOPE', required: false })

  protected async run(app: App): Promise<number> {
    const vault = await app.vault()
    const isRevoked = this.scope !== undefined && (await vault.locks()).revoked.has(this.scope)
    if (this.scope !== undefined && !isRevoked) await refuseUnknownScope(app, this.scope)
    const wasWritten = await vault.unlock(this.scope ?? null)
    const wasHeld = this.scope === undefined && (await app.holdGateways(false)).taken > 0
    const wasLocked = wasWritten || wasHeld
    if (wasLocked) note(this.scope === undefined ? 'unlocked' : `${this.scope} is unlocked`)
    const gateways = this.scope === undefined ? await app.unlockGateways() : 0
    if (gateways !== null && gateways > 0) note(`${counted(gateways, 'gateway')} can open the key file now`)
    else if (!wasLocked) note(notLocked(this.scope, gateways))
    return wasLocked || (gateways ?? 0) > 0 ? 0 : 1
  }
}

function notLocked(scope: string | undefined, gateways: number | null): string {
  if (scope !== undefined) return `${scope} was not locked`
  return gateways === null
    ? 'nothing was locked, and no gateway is running that needs the key file'
    : 'nothing was locked'
}
