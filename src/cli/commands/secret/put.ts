import { Command, Option } from 'clipanion'
import type { App } from '../../../app.ts'
import { BaseCommand } from '../../base-command.ts'
import { printError, printHint, printWarning, say } from '../../present.ts'
import { requireScope } from '../../scopes.ts'
import { readValue, type ValueSource } from '../../value-input.ts'

export class SecretPutCommand extends BaseCommand {
  static override paths = [['secret', 'put']]
  static override usage = Command.Usage({
    description: 'seal a value under a key of an auth scope',
    details:
      'Without VALUE it asks on a terminal, and reads stdin otherwise (one newline at the end is dropped). ' +
      'A value that begins with a dash works as VALUE too.',
    examples: [
      ['Ask for it, without showing it', 'mcplexer secret put github-token GITHUB_TOKEN'],
      ['From another program', 'pass github | mcplexer secret put github-token GITHUB_TOKEN'],
      ['From a file, byte for byte', 'mcplexer secret put deploy KEY --from-file id_ed25519'],
      ['From a variable', 'mcplexer secret put github-token GITHUB_TOKEN --from-env GH_TOKEN'],
    ],
  })

  fromFile = Option.String('--from-file', { description: 'read the value from this file, byte for byte' })
  fromEnv = Option.String('--from-env', { description: 'read the value from this variable' })
  scope = Option.String({ name: 'SCOPE' })
  key = Option.String({ name: 'KEY' })
  /** Raw, so that a PEM block is a value and not an option. */
  value = Option.Proxy({ name: 'VALUE', required: 0 })

  protected async run(app: App): Promise<number> {
    const source = sourceOf(this.value, this.fromFile, this.fromEnv)
    if (source === null) {
      printError('one VALUE at most, after SCOPE and KEY')
      printHint('quote it, or use --from-file')
      return 2
    }
    const scope = requireScope(await app.config(), this.scope)
    if (source.argument !== undefined)
      printWarning('a value in the command line stays in the shell history and is visible to local users')
    const value = await readValue(source, `${this.scope} ${this.key}`)
    try {
      const { isNewKey, droppedKeys } = await (await app.vault()).put(this.scope, this.key, value)
      say(`mcplexer: ${this.key} of ${this.scope} is ${isNewKey ? 'sealed' : 'replaced'}`)
      if (droppedKeys.length > 0)
        printWarning(`the scope had been tampered with; put these again: ${droppedKeys.join(', ')}`)
      if (scope.keys.length > 0 && !scope.keys.some(({ name }) => name === this.key)) {
        say(`mcplexer: note: ${this.key} is not declared under keys of ${this.scope}`)
      }
      return 0
    } finally {
      value.wipe()
    }
  }
}

/** Behind SCOPE and KEY everything is raw, so the options for the value are looked for there too. */
function sourceOf(
  raw: readonly string[],
  file: string | undefined,
  variable: string | undefined,
): ValueSource | null {
  const [first, second] = raw
  if (raw.length === 2 && first === '--from-file') return { argument: undefined, file: second, variable }
  if (raw.length === 2 && first === '--from-env') return { argument: undefined, file, variable: second }
  return raw.length > 1 ? null : { argument: first, file, variable }
}
