import { Command, Option } from 'clipanion'
import type { App } from '../../../app.ts'
import { loadConfig } from '../../../config/index.ts'
import { BaseCommand } from '../../base-command.ts'
import { presentError, print } from '../../present.ts'

export class ConfigCheckCommand extends BaseCommand {
  static override paths = [['config', 'check']]
  static override usage = Command.Usage({
    description: 'find mistakes and forgotten secrets; exits 1 on any, so it can be a pre-commit hook',
    examples: [
      ['The configuration in force', 'mcplexer config check'],
      ['Some files', 'mcplexer config check team.yaml mine.yaml'],
    ],
  })

  files = Option.Rest({ name: 'FILE' })

  protected async run({ paths }: App): Promise<number> {
    const files = this.files.length > 0 ? this.files : [paths.config]
    let failures = 0
    for (const file of files) {
      try {
        const { servers, authScopes } = await loadConfig(file)
        await print(`${file}: fine (${servers.size} servers, ${authScopes.size} auth scopes)`)
      } catch (error) {
        failures++
        presentError(error)
      }
    }
    return failures === 0 ? 0 : 1
  }
}
