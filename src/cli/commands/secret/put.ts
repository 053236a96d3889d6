import { Command, Option } from 'clipanion'
import type { App } from '../../../app.ts'
import { nearest } from '../../../base/index.ts'
import type { AuthScope } from '../../../config/index.ts'
import type { PutOutcome } from '../../../vault/index.ts'
import { BaseCommand } from '../../base-command.ts'
import { note, printHint, printWarning } from '../../messages.ts'
import { refuseSwapped, refuseValueAsName, requireScope } from '../../scopes.ts'
import { isAsked, readValue } from '../../value-input.ts'

export class SecretPutCommand extends BaseCommand {
  static override paths = [['secret', 'put']]
  static override usage = Command.Usage({
    description: 'seal a value under a key of an auth scope',
    details:
      'Without VALUE it asks on a terminal and reads stdin otherwise, where one newline at the end is dropped. ' +
      'VALUE may begin with a dash; what could be an option goes behind `--`. Any UTF-8 up to 128,000 bytes, the name included, ' +
      'without NUL; nothing is expanded.',
    examples: [
      ['Ask for it, without showing it', 'mcplexer secret put github-token GITHUB_TOKEN'],
      ['From another program', 'pass github | mcplexer secret put github-token GITHUB_TOKEN'],
      ['From a file, byte for byte', 'mcplexer secret put deploy SSH_KEY --from-file id_ed25519'],
      ['From a variable', 'mcplexer secret put github-token GITHUB_TOKEN --from-env GH_TOKEN'],
    ],
  })

  fromFile = Option.String('--from-file', { description: 'read the value from this file, byte for byte' })
  fromEnv = Option.String('--from-env', { description: 'read the value from this variable' })
  scope = Option.String({ name: 'SCOPE' })
  key = Option.String({ name: 'KEY' })
  value = Option.String({ name: 'VALUE', required: false })

  protected async run(app: App): Promise<number> {
    const config = await app.config()
    refuseSwapped(config, this.scope, this.key)
    const scope = requireScope(config, this.scope)
    await refuseValueAsName(this.key)
    if (this.value !== undefined)
      printWarning('a value in the command line stays in the shell history and is visible to local users')
    const source = { argument: this.value, file: this.fromFile, variable: this.fromEnv }
    const doubt = undeclared(scope, this.key)
    if (isAsked(source)) {
      const { checkNames } = await import('../../../vault/index.ts')
      checkNames(scope.id, this.key)
      explain(scope, this.key, doubt)
    }
    const value = await readValue(source, `${this.key} of ${this.scope}`)
    try {
      const outcome = await (await app.vault()).put(this.scope, this.key, value)
      report(scope, this.key, outcome, value.byteLength === 0)
      if (doubt !== null && !isAsked(source)) {
        note(doubt)
        printHint(`\`mcplexer secret delete ${scope.id} ${this.key}\` forgets it`)
      }
      return 0
    } finally {
      value.wipe()
    }
  }
}

/** Null for a key that the file names, and for a scope of which it names none. */
function undeclared({ id, keys }: AuthScope, key: string): string | null {
  const declared = keys.map(({ name }) => name)
  if (declared.length === 0 || declared.includes(key)) return null
  const meant = nearest(key, declared)
  const question = meant === null ? '' : `; did you mean ${meant}?`
  return `note: ${key} is not declared under keys of ${id}, which has ${declared.join(', ')}${question}`
}

/** What the file says about the key: who is asked should not have to look it up. */
function explain(scope: AuthScope, key: string, doubt: string | null): void {
  if (doubt !== null) note(doubt)
  const { description = null, obtain = null } = scope.keys.find(({ name }) => name === key) ?? {}
  if (description !== null) note(description)
  if (obtain !== null) note(`from ${obtain}`)
}

function report(scope: AuthScope, key: string, outcome: PutOutcome, isEmpty: boolean): void {
  note(`${key} of ${scope.id} is ${outcome.isNewKey ? 'sealed' : 'replaced'}`)
  if (outcome.droppedKeys.length > 0)
    printWarning(`the scope had been tampered with; put these again: ${outcome.droppedKeys.join(', ')}`)
  if (isEmpty) note('note: the value is empty')
  else if (!outcome.isGuardable && !scope.keys.some(({ name, isPublic }) => name === key && isPublic))
    note(
      'note: the value is short or plain, so that it cannot be told from text and taken out of what servers say',
    )
}
