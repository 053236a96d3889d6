import { Command, Option } from 'clipanion'
import type { App } from '../../../app.ts'
import { visibleLine } from '../../../base/index.ts'
import { BaseCommand } from '../../base-command.ts'
import { printText } from '../../present.ts'
import { presentError, presentWarnings } from '../../present-error.ts'
import { counted } from '../../wording.ts'

export class ConfigCheckCommand extends BaseCommand {
  static override paths = [['config', 'check']]
  static override usage = Command.Usage({
    description: 'find mistakes and forgotten secrets; exits 1 on any, as a pre-commit hook does',
    details: 'What is allowed, and hardly what was meant, is a warning: it does not change the exit code.',
    examples: [
      ['The configuration in force', 'mcplexer config check'],
      ['Some files', 'mcplexer config check team.yaml mine.yaml'],
    ],
  })

  files = Option.Rest({ name: 'FILE' })

  protected async run({ paths }: App): Promise<number> {
    const { checkConfig } = await import('../../../config/index.ts')
    const files = this.files.length > 0 ? this.files : [paths.config]
    const isNamed = this.files.length > 0 || this.configPath !== undefined
    let failures = 0
    for (const file of files) {
      try {
        const { config, warnings } = await checkConfig(file)
        presentWarnings(file, warnings)
        const size = `${counted(config.servers.size, 'server')}, ${counted(config.authScopes.size, 'auth scope')}`
        await printText(`${visibleLine(file)}: fine (${size})`)
      } catch (error) {
        failures++
        presentError(error, isNamed)
      }
    }
    return failures === 0 ? 0 : 1
  }
}
