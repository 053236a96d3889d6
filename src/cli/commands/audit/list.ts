import { Command, Option } from 'clipanion'
import type { App } from '../../../app.ts'
import { AUDIT_DECISIONS, AUDIT_KINDS, listed } from '../../../audit/index.ts'
import { log, nearest } from '../../../base/index.ts'
import { ENTRY_HEAD, entryRow, timeOf } from '../../audit-view.ts'
import { BaseCommand } from '../../base-command.ts'
import { CliError } from '../../cli-error.ts'
import { print, printJson, table } from '../../present.ts'

const SHOWN = 1000

export class AuditListCommand extends BaseCommand {
  static override paths = [['audit', 'list']]
  static override usage = Command.Usage({
    description: 'what was done with which secret, and by whom, the oldest first',
    details: `Shows the newest ${SHOWN} that match; \`audit export\` gives all. Times are UTC.`,
    examples: [
      ['Of the last day', 'mcplexer audit list --since 24h'],
      ['All that one scope was used for', 'mcplexer audit list --scope github-token'],
      ['What was refused', 'mcplexer audit list --decision refused'],
    ],
  })

  kind = Option.String('--kind', { description: AUDIT_KINDS.join(', ') })
  server = Option.String('--server', { description: 'of this server' })
  auditScope = Option.String('--scope', { description: 'of this auth scope' })
  name = Option.String('--name', { description: 'of this tool, prompt or resource' })
  client = Option.String('--client', { description: 'of clients with this in their name' })
  decision = Option.String('--decision', { description: AUDIT_DECISIONS.join(', ') })
  since = Option.String('--since', { description: '90m, 24h, 7d or a date' })
  json = Option.Boolean('--json', false, { description: 'print JSON' })

  protected async run(app: App): Promise<number> {
    checkWord('--kind', this.kind, AUDIT_KINDS)
    checkWord('--decision', this.decision, AUDIT_DECISIONS)
    const { kind, server, auditScope: scope, name, client, decision } = this
    const given = Object.entries({ kind, server, scope, name, client, decision }).filter(([, wanted]) => wanted)
    const sinceMs = this.since === undefined ? {} : { sinceMs: timeOf(this.since, Date.now()) }
    const entries = await Array.fromAsync(
      listed(await app.usableActivity(), { ...Object.fromEntries(given), ...sinceMs }),
    )
    const newest = entries.slice(-SHOWN)
    if (newest.length === 0) await this.#noteUnknown(app)
    if (this.json) await printJson(newest)
    else await print(newest.length === 0 ? 'nothing on record' : table([ENTRY_HEAD, ...newest.map(entryRow)]))
    return 0
  }

  /** What is not configured any more may be on record, so it is no error. */
  async #noteUnknown(app: App): Promise<void> {
    const config = await app.config().catch(() => null)
    if (config === null) return
    const noted = (kind: string, id: string | undefined, known: ReadonlyMap<string, unknown>): void => {
      if (id === undefined || known.has(id)) return
      const meant = nearest(id, known.keys())
      log.info(
        `the configuration has no ${kind} of this name${meant === null ? '' : `; did you mean ${meant}?`}`,
      )
    }
    noted('server', this.server, config.servers)
    noted('auth scope', this.auditScope, config.authScopes)
  }
}

/** A misspelt word would find nothing, as if nothing had happened. */
function checkWord(option: string, word: string | undefined, words: readonly string[]): void {
  if (word === undefined || words.includes(word)) return
  throw new CliError('CLI_USAGE', `${option} knows no such word`, { hint: `one of ${words.join(', ')}` })
}
