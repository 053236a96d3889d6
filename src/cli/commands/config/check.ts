import { Command, Option } from 'clipanion'
import type { App } from '../../../app.ts'
import { BaseCommand } from '../../base-command.ts'
import { presentError, print } from '../../present.ts'
import { visibleLine } from '../../visible.ts'
import { counted } from '../../wording.ts'

export class ConfigCheckCommand extends BaseCommand {
  static override paths = [['config', 'check']]
  static override usage = Command.Usage({
    description: 'find mistakes and forgotten secrets; exits 1 on any, as a pre-commit hook does',
    examples: [
      ['The configuration in force', 'mcplexer config check'],
      ['Some files', 'mcplexer config check team.yaml mine.yaml'],
    ],
  })

  files = Option.Rest({ name: 'FILE' })

  protected async run({ paths }: App): Promise<number> {
    const { loadConfig } = await import('../../../config/index.ts')
    const files = this.files.length > 0 ? this.files : [paths.config]
    let failures = 0
    for (const file of files) {
      try {
        const { servers, authScopes } = await loadConfig(file)
        const size = `${counted(servers.size, 'server')}, ${counted(authScopes.size, 'auth scope')}`
        await print(`${visibleLine(file)}: fine (${size})`)
      } catch (error) {
        failures++
        presentError(error)
      }
    }
    return failures === 0 ? 0 : 1
  }
}
