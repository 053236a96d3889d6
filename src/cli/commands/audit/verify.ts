import { readFileSync } from 'node:fs'
import { Command, Option } from 'clipanion'
import type { App } from '../../../app.ts'
import type { Checkpoint, Verdict } from '../../../audit/index.ts'
import { BaseCommand } from '../../base-command.ts'
import { CliError } from '../../cli-error.ts'
import { printHint } from '../../messages.ts'
import { print, printText } from '../../present.ts'

export class AuditVerifyCommand extends BaseCommand {
  static override paths = [['audit', 'verify']]
  static override usage = Command.Usage({
    description: 'find out whether the record was changed; exits 1 then',
    details:
      'Finds any edit, gap, change of order, and entries missing in front that nothing on record has let go of. ' +
      'Whoever can write activity.db can also cut off its end, write all of it anew, or add an entry: that only a ' +
      'checkpoint which was kept elsewhere shows.',
    examples: [
      ['The chain', 'mcplexer audit verify'],
      ['And that it goes on from a checkpoint', 'mcplexer audit verify --checkpoint kept.txt'],
    ],
  })

  checkpoint = Option.String('--checkpoint', { description: 'a file with lines of `audit checkpoint`' })

  protected async run(app: App): Promise<number> {
    const activity = await app.usableActivity()
    const checkpoints = this.checkpoint === undefined ? [] : await readCheckpoints(this.checkpoint)
    const { verify } = await import('../../../audit/index.ts')
    const verdict = await verify(activity, checkpoints)
    for (const checkpoint of checkpoints.length === 0 ? [null] : checkpoints)
      if (!(await this.#tell(verdict, checkpoint))) return 1
    if (checkpoints.length === 0 || verdict.standing.size > 0) return 0
    printHint('a checkpoint shows nothing any more once its entry has gone: keep newer ones beside it')
    return 1
  }

  /** Prints what was found, of this checkpoint if there is one; false when it is a change. */
  async #tell(
    { entries, firstSeq, brokenAt, isCutOff, letGoAtMs, standing }: Verdict,
    checkpoint: Checkpoint | null,
  ): Promise<boolean> {
    if (brokenAt !== null) return this.#fail(`the record was changed at entry ${brokenAt}`)
    if (isCutOff)
      return this.#fail(`entries up to ${firstSeq - 1} are missing, and no entry says that they were let go of`)
    if (checkpoint !== null && !standing.has(checkpoint)) {
      // of the last that has gone the record still knows the hash
      if (checkpoint.seq >= firstSeq - 1)
        return this.#fail(`entry ${checkpoint.seq} of the checkpoint is missing, or another one`)
      await printText(`entry ${checkpoint.seq} of the checkpoint was let go of, as the record says`)
      return true
    }
    await printText(intact(entries, firstSeq, checkpoint))
    if (letGoAtMs !== null)
      await printText(`those before ${firstSeq} were let go of ${new Date(letGoAtMs).toISOString()}`)
    if (checkpoint !== null)
      await print(`signed by ${checkpoint.publicKey}, which has to be the key in your other checkpoints`)
    return true
  }

  async #fail(text: string): Promise<false> {
    await printText(text)
    printHint(
      'keep a copy of activity.db, compare it with a backup, and see who could write to it; if others could, ' +
        'replace the secrets that it names at their providers',
    )
    return false
  }
}

function intact(entries: number, firstSeq: number, checkpoint: Checkpoint | null): string {
  const isOne = entries === 1
  const text = isOne
    ? `1 entry from ${firstSeq} on is as it was written`
    : `${entries} entries from ${firstSeq} on are as they were written`
  if (checkpoint === null) return text
  return `${text}, and ${isOne ? 'goes' : 'go'} on from entry ${checkpoint.seq}, signed ${checkpoint.at}`
}

async function readCheckpoints(path: string): Promise<Checkpoint[]> {
  const { readCheckpoint } = await import('../../../audit/index.ts')
  const lines = linesIn(path)
  const checkpoints = lines.map(readCheckpoint)
  if (checkpoints.length > 0 && checkpoints.every((checkpoint) => checkpoint !== null)) return checkpoints
  throw new CliError(
    'CLI_CHECKPOINT_INVALID',
    'the file holds no checkpoint, or one whose signature is wrong',
    {
      hint: 'mcplexer audit checkpoint >> kept.txt',
    },
  )
}

function linesIn(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n').filter(Boolean)
  } catch {
    throw new CliError('CLI_CHECKPOINT_INVALID', 'the file of --checkpoint cannot be read', {
      hint: 'check its path and who may read it',
    })
  }
}
