import { type ErrorCode, isMcplexerError, log, McplexerError, systemClock } from '../base/index.ts'
import { type ActivityDatabase, appendAudit, appendAuditDurably } from '../store/index.ts'
import { linkedHash } from './chain.ts'
import { type AuditEntry, encodeEntry } from './entry.ts'

const COMMIT_EVERY_MS = 50
const MAX_WAITING = 10_000
const REFUSALS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'AUDIT_FAILED',
  'AUTH_LAUNCH_CHANGED',
  'CALL_LEAKS_VALUE',
  'PIN_WITHHELD',
  'SHIELD_IMPOSSIBLE',
  'SHIELD_MISSING',
  'VAULT_LOCKED',
])

interface AuditOptions {
  /** Go on when nothing can be put on record. */
  readonly allowsFailure: boolean
}

/**
 * What is done, put on record. Calls wait in a queue and are committed together, at most 50 ms later; what has to be
 * on record before it is done is committed at once. When a commit fails, calls are refused until one succeeds.
 */
export class AuditLog {
  /** Null: the database cannot be used. */
  readonly #activity: ActivityDatabase | null
  #allowsFailure: boolean
  #waiting: string[] = []
  #timer: Timer | null = null
  #writing: Promise<void> = Promise.resolve()
  #hasFailed: boolean

  constructor(activity: ActivityDatabase | null, { allowsFailure }: AuditOptions) {
    this.#activity = activity
    this.#allowsFailure = allowsFailure
    this.#hasFailed = activity === null
  }

  configure({ allowsFailure }: AuditOptions): void {
    this.#allowsFailure = allowsFailure
  }

  /** Throws AUDIT_FAILED when what is done next could not be put on record. */
  check(): void {
    const isFull = this.#waiting.length >= MAX_WAITING
    if (!this.#allowsFailure && (this.#hasFailed || isFull)) throw auditFailed()
  }

  /** With the next commit. */
  record(entry: AuditEntry): void {
    if (this.#activity === null || this.#waiting.length >= MAX_WAITING) return
    this.#waiting.push(encodeEntry(entry, systemClock.nowMs()))
    this.#timer ??= setTimeout(() => void this.#commit(), COMMIT_EVERY_MS)
  }

  /** What was not done: refused when a rule of ours forbade it, failed otherwise. */
  recordNotDone(what: Omit<AuditEntry, 'decision' | 'reason'>, error: unknown): void {
    if (!isMcplexerError(error)) this.record({ ...what, decision: 'failed', reason: 'unexpected' })
    else this.record({ ...what, decision: REFUSALS.has(error.code) ? 'refused' : 'failed', reason: error.code })
  }

  /** Before anything else happens. Throws AUDIT_FAILED. */
  async recordNow(entry: AuditEntry): Promise<void> {
    this.record(entry)
    await this.#commit(appendAuditDurably)
    this.check()
  }

  async flush(): Promise<void> {
    await this.#commit()
  }

  #commit(append = appendAudit): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    const waiting = this.#waiting
    this.#waiting = []
    this.#writing = this.#writing.then(() => this.#append(waiting, append))
    return this.#writing
  }

  async #append(bodies: readonly string[], append: typeof appendAudit): Promise<void> {
    if (this.#activity === null || bodies.length === 0) return
    try {
      await append(this.#activity, bodies, linkedHash)
      this.#hasFailed = false
    } catch {
      if (!this.#hasFailed) log.warn('what is done cannot be put on record')
      this.#hasFailed = true
      // what could not be kept is tried again, as far as there is room
      this.#waiting = [...bodies, ...this.#waiting].slice(0, MAX_WAITING)
      this.#timer ??= setTimeout(() => void this.#commit(), 20 * COMMIT_EVERY_MS)
      this.#timer.unref()
    }
  }
}

function auditFailed(): McplexerError {
  return new McplexerError(
    'AUDIT_FAILED',
    'nothing is done that cannot be put on record, and activity.db cannot be written',
    {
      hint: 'mend its disk; or move the file away, and restart your clients and the daemon; or set `audit: { on_failure: allow }` in the configuration',
    },
  )
}
