import { dirname } from 'node:path'
import { Command } from 'clipanion'
import type { App } from '../../app.ts'
import { createExclusively, ensurePrivateFolder } from '../../base/index.ts'
import { exampleConfig } from '../../config/index.ts'
import { BaseCommand } from '../base-command.ts'
import { print, say } from '../present.ts'

export class InitCommand extends BaseCommand {
  static override paths = [['init']]
  static override usage = Command.Usage({
    description: 'make the folder, the key and a commented configuration; changes nothing that exists',
    examples: [
      ['In ~/.mcplexer', 'mcplexer init'],
      ['Somewhere else', 'MCPLEXER_HOME=/tmp/try mcplexer init'],
    ],
  })

  protected async run({ paths, vault }: App): Promise<number> {
    ensurePrivateFolder(paths.home)
    const recipient = await (await vault()).init()
    ensurePrivateFolder(dirname(paths.config))
    const isNewConfig = createExclusively(paths.config, new TextEncoder().encode(exampleConfig))
    await print(
      [
        `configuration  ${paths.config}${isNewConfig ? '' : ' (existed, left as it is)'}`,
        `key file       ${paths.keyFile}`,
        `public key     ${recipient.length > 80 ? `${recipient.slice(0, 60)}…` : recipient}`,
      ].join('\n'),
    )
    say('\nNext: write your servers and auth scopes into the configuration, then')
    say('  mcplexer config check\n  mcplexer secret put SCOPE KEY\n  mcplexer tools list\n')
    say('Keep a copy of the key file: without it nothing that is sealed can be opened.')
    return 0
  }
}
