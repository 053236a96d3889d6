import { resolve } from 'node:path'
import { Command, Option } from 'clipanion'
import type { App } from '../../app.ts'
import type { RotationReport, RotationStep } from '../../vault/index.ts'
import { BaseCommand } from '../base-command.ts'
import { ageOf, endProgress, print, printJson, progressLine, say, table } from '../present.ts'

const STEP_TEXTS: Readonly<Record<RotationStep, string>> = {
  verified: 'every scope opens',
  'identity-added': 'new identity added to the key file',
  're-sealed': 'every scope re-sealed and opened again',
  committed: 'committed',
  'old-identity-dropped': 'retired identities dropped',
}

export class RotateKeyCommand extends BaseCommand {
  static override paths = [['rotate-key']]
  static override usage = Command.Usage({
    description: 're-seal every auth scope for a new key; safe to interrupt, and while serve runs',
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

  protected async run(app: App): Promise<number> {
    const keepOldFile = this.keepOld === undefined ? null : resolve(this.keepOld)
    const report = await (await app.vault()).rotate(
      { isDryRun: this.isDryRun, isPostQuantum: this.isPostQuantum, keepOldFile },
      {
        onStep: (step) => {
          endProgress()
          say(`mcplexer: ${STEP_TEXTS[step]}`)
        },
        onProgress: (done, total) => progressLine(`${done} of ${total} scopes`),
      },
    )
    await (this.json ? printJson(report) : print(reportText(report, app.paths.keyFile)))
    return 0
  }
}

function reportText(report: RotationReport, keyFile: string): string {
  const now = Date.now()
  const count = `${report.scopes} ${report.scopes === 1 ? 'scope' : 'scopes'}, ${report.keys.length} keys`
  const ages = table(
    report.keys.map(({ scope, name, updatedAtMs }) => [scope, name, `put ${ageOf(updatedAtMs, now)} ago`]),
  )
  if (report.recipient === null)
    return [`dry run: ${count} can be opened; nothing was changed`, ages].join('\n')
  const shown = report.recipient.length > 80 ? `${report.recipient.slice(0, 60)}…` : report.recipient
  return [
    `${count} re-sealed for ${shown}`,
    ...report.kept.map(
      ({ line }) => `delete line ${line} of ${keyFile} yourself: others may use that identity`,
    ),
    'A value that somebody has read already stays known to him: replace those at their providers.',
    ages,
  ]
    .filter(Boolean)
    .join('\n')
}
