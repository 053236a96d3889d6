import { dirname } from 'node:path'
import { Command } from 'clipanion'
import type { App } from '../../app.ts'
import { createExclusively, ensurePrivateFolder } from '../../base/index.ts'
import { BaseCommand } from '../base-command.ts'
import { print, say, table } from '../present.ts'
import { shortRecipient } from '../wording.ts'

const NEXT_STEPS = `
Next:
  1. write servers and auth scopes into the configuration; its comments say how
  2. mcplexer config check
  3. mcplexer secret put SCOPE KEY
  4. mcplexer tools list
  5. let the AI client start \`mcplexer serve\`

Keep a copy of the key file: without it nothing that is sealed can be opened.`

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
    const { exampleConfig } = await import('../../config/index.ts')
    const isNewConfig = createExclusively(paths.config, new TextEncoder().encode(exampleConfig))
    await print(
      table([
        ['configuration', `${paths.config}${isNewConfig ? '' : ' (existed, left as it is)'}`],
        ['vault', paths.vault],
        ['key file', paths.keyFile],
        ['public key', shortRecipient(recipient)],
      ]),
    )
    say(NEXT_STEPS)
    return 0
  }
}
