import { Command, Option } from 'clipanion'
import type { App } from '../../../app.ts'
import { entryRow } from '../../audit-view.ts'
import { BaseCommand, INTERRUPTED } from '../../base-command.ts'
import { print } from '../../present.ts'

const SHOWN = 10

export class AuditTailCommand extends BaseCommand {
  static override paths = [['audit', 'tail']]
  static override usage = Command.Usage({
    description: `the newest ${SHOWN} entries, one line each`,
    examples: [
      ['What happened last', 'mcplexer audit tail'],
      ['And what happens now, until Ctrl-C', 'mcplexer audit tail -f'],
    ],
  })

  isFollowing = Option.Boolean('-f,--follow', false, { description: 'go on with what is added' })
  readonly #stop = new AbortController()

  #isInterrupted = false

  protected override onInterrupt(): boolean {
    this.#isInterrupted = true
    this.#stop.abort()
    return true
  }

  protected async run(app: App): Promise<number> {
    const { followed } = await import('../../../audit/index.ts')
    if (!this.isFollowing) this.#stop.abort()
    for await (const entry of followed(await app.usableActivity(), SHOWN, this.#stop.signal))
      await print(entryRow(entry).join('  '))
    return this.#isInterrupted ? INTERRUPTED : 0
  }
}
