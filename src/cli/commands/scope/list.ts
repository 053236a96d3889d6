import { Command, Option } from 'clipanion'
import type { App } from '../../../app.ts'
import { BaseCommand } from '../../base-command.ts'
import { printHint } from '../../messages.ts'
import { print, printJson, table } from '../../present.ts'

interface ListedScope {
  readonly id: string
  readonly sealedKeys: number
  readonly isInFile: boolean
  readonly isRevoked: boolean
}

export class ScopeListCommand extends BaseCommand {
  static override paths = [['scope', 'list']]
  static override usage = Command.Usage({
    description: 'list the auth scopes of the file, and sealed ones that are no longer in it',
    details: 'A scope that is no longer in the file is never given to a server, and kept until it is deleted.',
    examples: [
      ['For people', 'mcplexer scope list'],
      ['For a script', 'mcplexer scope list --json'],
    ],
  })

  json = Option.Boolean('--json', false, { description: 'print JSON' })

  protected async run(app: App): Promise<number> {
    const { path, authScopes: declared } = await app.config()
    const vault = await app.vault()
    const sealed = await vault.list()
    const { revoked } = await vault.locks()
    const counts = new Map(sealed.map(({ id, keys }) => [id, keys.length]))
    const scopes = [...new Set([...declared.keys(), ...counts.keys()])].map((id) => ({
      id,
      sealedKeys: counts.get(id) ?? 0,
      isInFile: declared.has(id),
      isRevoked: revoked.has(id),
    }))
    await (this.json ? printJson(scopes) : print(listText(scopes)))
    const gone = scopes.find(({ isInFile }) => !isInFile)
    // nothing else tells who is in another shell than the one that names the file
    if (gone !== undefined)
      printHint(
        `is ${path} the right file? If so, \`mcplexer scope delete ${gone.id}\` forgets what is sealed in it`,
      )
    return 0
  }
}

function listText(scopes: readonly ListedScope[]): string {
  if (scopes.length === 0) return 'no auth scopes yet'
  const rows = scopes.map((scope) => [scope.id, String(scope.sealedKeys), stateOf(scope)])
  return table([['SCOPE', 'SEALED KEYS', ''], ...rows])
}

function stateOf({ isInFile, isRevoked }: ListedScope): string {
  if (!isInFile) return 'not in the file; no server gets it'
  return isRevoked ? 'revoked' : ''
}
