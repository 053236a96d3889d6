import { resolve } from 'node:path'
import { Command, Option } from 'clipanion'
import type { App } from '../../app.ts'
import type { RotationObserver, RotationReport, RotationStep } from '../../vault/index.ts'
import { BaseCommand } from '../base-command.ts'
import { CliError } from '../cli-error.ts'
import { endProgress, note, progressLine } from '../messages.ts'
import { foldedText, print, printJson, table } from '../present.ts'
import { ageOf, counted, shortRecipient } from '../wording.ts'

const STEP_TEXTS: Readonly<Record<RotationStep, string>> = {
  verified: 'every scope opens',
  announced: 'the list of scopes names the identity that is about to be added',
  'identity-added': 'the new identity is in the key file, beside the old one',
  're-sealed': 'every scope is re-sealed, opened again and compared',
  committed: 'committed',
  'old-identity-dropped': 'the key file is tidied up',
}

export class RotateKeyCommand extends BaseCommand {
  static override paths = [['rotate-key']]
  static override usage = Command.Usage({
    description: 're-seal every auth scope for a new key',
    details:
      'Safe to interrupt at any moment, and while `mcplexer serve` runs. It protects against a key file that ' +
      'somebody may have copied; a value that was read stays known, and is replaced at its provider.',
    examples: [
      ['Rotate', 'mcplexer rotate-key'],
      ['See whether it would work', 'mcplexer rotate-key --dry-run'],
      ['Keep the old key for old backups', 'mcplexer rotate-key --keep-old old-age.key'],
    ],
  })

  isDryRun = Option.Boolean('--dry-run', false, { description: 'open everything, change nothing' })
  isPostQuantum = Option.Boolean('--post-quantum', false, {
    description: 'move to a hybrid key (age 1.3 or newer reads it)',
  })
  keepOld = Option.String('--keep-old', { description: 'save the old identity in this new file, 0600' })
  json = Option.Boolean('--json', false, { description: 'print JSON' })

  protected override readonly interruptedText =
    'interrupted; nothing is lost: every scope still opens, and the next command tidies up'

  protected async run(app: App): Promise<number> {
    if (this.isDryRun && this.keepOld !== undefined)
      throw new CliError('CLI_USAGE', '--dry-run changes nothing, so that --keep-old has nothing to keep', {
        hint: 'leave one of them out',
      })
    const keepOldFile = this.keepOld === undefined ? null : resolve(this.keepOld)
    const vault = await app.vault()
    const options = { isDryRun: this.isDryRun, isPostQuantum: this.isPostQuantum, keepOldFile }
    const report = await vault.rotate(options, progress)
    if (!this.isDryRun) await app.relieveGateways()
    await (this.json ? printJson(report) : print(reportText(report, app.paths.keyFile, Date.now())))
    if (!this.isDryRun)
      note(
        'a backup of the old key does not open what is sealed now; `mcplexer key backup FILE` makes a new one',
      )
    return 0
  }
}

const progress: RotationObserver = {
  onStep: (step) => {
    endProgress()
    note(STEP_TEXTS[step])
  },
  onProgress: (done, total) => progressLine(`${done} of ${counted(total, 'scope')}`),
}

function reportText(report: RotationReport, keyFile: string, nowMs: number): string {
  const amount = `${counted(report.scopes, 'scope')}, ${counted(report.keys.length, 'key')}`
  const result =
    report.recipient === null
      ? `Dry run: ${amount} can be opened; nothing was changed.`
      : `Re-sealed ${amount} for the new key\n  ${shortRecipient(report.recipient)}`
  const leftovers = report.kept.map(
    ({ line }) =>
      `Left to do: delete line ${line} of ${keyFile} yourself: this vault is done with it, others may not be.`,
  )
  const sentences = [result, leftovers.join('\n')].map(foldedText)
  return [...sentences, agesText(report.keys, nowMs)].filter(Boolean).join('\n\n')
}

function agesText(keys: RotationReport['keys'], nowMs: number): string {
  if (keys.length === 0) return ''
  const rows = keys.map(({ scope, name, updatedAtMs }) => [scope, name, ageOf(updatedAtMs, nowMs)])
  const advice =
    'Rotating does not un-leak a value that was read: replace those at their provider. Oldest first:'
  return `${foldedText(advice)}\n\n${table([['SCOPE', 'KEY', 'PUT'], ...rows])}`
}
