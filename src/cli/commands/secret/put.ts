import { Command, Option } from 'clipanion'
import type { App } from '../../../app.ts'
import { BaseCommand } from '../../base-command.ts'
import { printWarning, say } from '../../present.ts'
import { requireScope } from '../../scopes.ts'
import { readValue } from '../../value-input.ts'

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
    const options = new ValueArguments(this.value, this.fromFile, this.fromEnv, this.configPath)
    if (!options.isValid) {
      say(
        'mcplexer: error: one VALUE at most, after SCOPE and KEY\nmcplexer: hint: quote it, or use --from-file',
      )
      return 2
    }
    const scope = requireScope(await app.config(), this.scope)
    if (options.argument !== undefined)
      printWarning('a value in the command line stays in the shell history and is visible to local users')
    const value = await readValue(options, `${this.scope} ${this.key}`)
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

/** Options may also stand behind SCOPE and KEY, where everything is raw. */
class ValueArguments {
  argument: string | undefined
  file: string | undefined
  variable: string | undefined
  readonly isValid: boolean

  constructor(
    raw: readonly string[],
    file: string | undefined,
    variable: string | undefined,
    _config: string | undefined,
  ) {
    this.file = file
    this.variable = variable
    const rest: string[] = []
    for (let index = 0; index < raw.length; index++) {
      const word = raw[index] ?? ''
      const following = raw[index + 1]
      if (raw.length === 2 && word === '--from-file' && following !== undefined) this.file = raw[++index]
      else if (raw.length === 2 && word === '--from-env' && following !== undefined)
        this.variable = raw[++index]
      else rest.push(word)
    }
    this.argument = rest[0]
    this.isValid = rest.length <= 1
  }
}
