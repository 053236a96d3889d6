import { existsSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { Command } from 'clipanion'
import type { App } from '../../app.ts'
import { createExclusively, ensurePrivateFolder, isMcplexerError, type Paths } from '../../base/index.ts'
import { BaseCommand } from '../base-command.ts'
import { say } from '../messages.ts'
import { print, table } from '../present.ts'
import { undoing } from '../undo.ts'
import { shortRecipient } from '../wording.ts'

const EXISTED = 'existed, left as it is'
const FROM_THE_EXAMPLE = `
  1. write servers and auth scopes into the configuration; its comments say how
  2. mcplexer config check
  3. mcplexer secret put SCOPE KEY
  4. mcplexer tools list
  5. let the AI client start \`mcplexer serve\``
/** For who has just cloned the repository of a team. */
const FROM_A_FILE = `
  1. mcplexer status
  2. the commands that it prints
  3. mcplexer tools list
  4. let the AI client start \`mcplexer serve\``
const KEEP_A_COPY = 'Without the key nothing opens: keep a copy, made by `mcplexer key backup FILE`.'

export class InitCommand extends BaseCommand {
  static override paths = [['init']]
  static override usage = Command.Usage({
    description: 'make the folder, the key and a commented configuration; changes nothing that exists',
    examples: [
      ['In ~/.mcplexer', 'mcplexer init'],
      ['Somewhere else', 'MCPLEXER_HOME=/tmp/try mcplexer init'],
    ],
  })

  protected async run(app: App): Promise<number> {
    const { paths } = app
    const existed = new Set([paths.config, paths.vault, paths.keyFile].filter((path) => existsSync(path)))
    const recipient = await this.#make(app)
    const row = (name: string, path: string): string[] => [name, path, existed.has(path) ? EXISTED : '']
    await print(
      table([
        row('configuration', paths.config),
        row('vault', paths.vault),
        row('key file', paths.keyFile),
        ['public key', shortRecipient(recipient), ''],
      ]),
    )
    say(`\nNext:${existed.has(paths.config) ? FROM_A_FILE : FROM_THE_EXAMPLE}\n\n${KEEP_A_COPY}`)
    return 0
  }

  /** When one of them is refused, nothing is left that was not there. */
  async #make(app: App): Promise<string> {
    const { paths } = app
    const undoConfig = undoing([paths.config])
    const undoVault = undoing(vaultFiles(paths))
    try {
      await writeExample(paths)
      return await (await app.vault()).init()
    } catch (error) {
      await app.close()
      // with a key file that works, another process may have sealed something in the meantime
      if (!existsSync(paths.keyFile) || isUnusable(error)) undoVault()
      undoConfig()
      throw error
    }
  }
}

async function writeExample(paths: Paths): Promise<void> {
  ensurePrivateFolder(paths.home)
  ensurePrivateFolder(dirname(paths.config))
  const { exampleConfig } = await import('../../config/index.ts')
  createExclusively(paths.config, new TextEncoder().encode(exampleConfig))
}

function vaultFiles({ vault, keyFile }: Paths): string[] {
  const lock = join(dirname(keyFile), `.${basename(keyFile)}.lock`)
  return [...['', '-wal', '-shm', '-journal'].map((suffix) => vault + suffix), keyFile, lock]
}

function isUnusable(error: unknown): boolean {
  return isMcplexerError(error, 'VAULT_KEY_FILE_UNSAFE') || isMcplexerError(error, 'VAULT_KEY_FILE_INVALID')
}
