import { Command, Option } from 'clipanion'
import type { App } from '../../../app.ts'
import { type Protecting, readPluginKey } from '../../../vault/index.ts'
import { BaseCommand } from '../../base-command.ts'
import { CliError } from '../../cli-error.ts'
import { note } from '../../messages.ts'
import { newPassphrase } from '../../passphrase.ts'

export class KeyProtectCommand extends BaseCommand {
  static override paths = [['key', 'protect']]
  static override usage = Command.Usage({
    description: 'wrap the key file, so that it alone opens nothing',
    details:
      'passphrase: asked for, or read from MCPLEXER_AGE_PASSPHRASE_FD; gateways get it by `mcplexer unlock`. keychain: ' +
      'a random one in the keychain of the system. command: what the command behind it prints. plugin: an age plugin, ' +
      'such as age-plugin-yubikey, for the identities in a file. none: as it was. ' +
      'Safe to interrupt at any moment; rotate-key works with all of them. Make a backup first.',
    examples: [
      ['With a passphrase', 'mcplexer key protect --with passphrase'],
      [
        'With a password manager',
        'mcplexer key protect --with command -- op read op://Private/mcplexer/password',
      ],
      ['With a hardware key', 'mcplexer key protect --with plugin --identity yubikey-identity.txt'],
      ['Not at all', 'mcplexer key protect --with none'],
    ],
  })

  with = Option.String('--with', {
    required: true,
    description: 'passphrase, keychain, command, plugin or none',
  })
  identity = Option.String('--identity', { description: 'the file with the identities of the plugin' })
  recipients = Option.Array('--recipient', [], {
    description:
      'seal it for this recipient of a plugin (age1name1…) instead of the identities; may be given again',
  })
  command = Option.Rest({ name: 'COMMAND' })

  protected async run(app: App): Promise<number> {
    const protecting = this.#protecting(app.paths.keyFile)
    await (await app.vault()).protectKey(protecting, () => newPassphrase('New passphrase of the key file'))
    note(
      protecting.with === 'none' ? 'the key file lies open' : `the key file is protected by ${protecting.with}`,
    )
    return 0
  }

  #protecting(keyFile: string): Protecting {
    const isCommand = this.with === 'command'
    if (isCommand === (this.command.length === 0))
      throw new CliError('CLI_USAGE', 'a command goes with `--with command`, and with nothing else', {
        hint: 'mcplexer key protect --with command -- pass show mcplexer',
      })
    const isPlugin = this.with === 'plugin'
    if (isPlugin === (this.identity === undefined) || (!isPlugin && this.recipients.length > 0))
      throw new CliError(
        'CLI_USAGE',
        '--identity and --recipient go with `--with plugin`, which needs the first',
        {
          hint: 'mcplexer key protect --with plugin --identity FILE',
        },
      )
    if (isPlugin) return { with: 'plugin', ...readPluginKey(this.identity ?? '', this.recipients) }
    if (isCommand) return { with: 'command', command: this.command }
    if (this.with === 'keychain') return { with: 'keychain', name: `${keyFile} ${crypto.randomUUID()}` }
    if (this.with === 'passphrase' || this.with === 'none') return { with: this.with }
    throw new CliError(
      'CLI_USAGE',
      'a key file is protected by passphrase, keychain, command, plugin or none',
      {
        hint: 'mcplexer key protect --with passphrase',
      },
    )
  }
}
