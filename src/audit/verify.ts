import { type ActivityDatabase, type AuditStart, auditAfter, auditStart } from '../store/index.ts'
import { isLinked } from './chain.ts'
import type { Checkpoint } from './checkpoint.ts'
import { readableEntry } from './readable.ts'
import { letGo } from './retention.ts'

const PAGE = 1000

/** `brokenAt`: the first entry that is not as it was written, or does not follow on the one before. */
export interface Verdict {
  readonly entries: number
  readonly firstSeq: number
  readonly brokenAt: number | null
  /** Entries are missing in front, and none that is left says that they were let go of. */
  readonly isCutOff: boolean
  /** When those in front were let go of, as the record says. */
  readonly letGoAtMs: number | null
  /** The checkpoints whose entries are there and unchanged. */
  readonly standing: ReadonlySet<Checkpoint>
}

/**
 * Reads the whole chain. It finds every edit, gap and change of order, and every end cut off in front, that was made
 * without computing hashes anew; what was cut off at its end, or written anew, only a checkpoint kept elsewhere shows.
 */
export async function verify(
  activity: ActivityDatabase,
  checkpoints: readonly Checkpoint[] = [],
): Promise<Verdict> {
  const start = await auditStart(activity)
  const lettingGo = letGo(start)
  let before = start
  let entries = 0
  let letGoAtMs: number | null = null
  const named = Map.groupBy(checkpoints, ({ seq }) => seq)
  const standing = new Set(standingAt(start, named))
  const verdict = (brokenAt: number | null): Verdict => {
    const isCutOff = start.seq !== 0 && letGoAtMs === null
    return { entries, firstSeq: start.seq + 1, brokenAt, isCutOff, letGoAtMs, standing }
  }
  for (;;) {
    const rows = await auditAfter(activity, before.seq, PAGE)
    if (rows.length === 0) return verdict(null)
    for (const row of rows) {
      if (!isLinked(before, row)) return verdict(before.seq + 1)
      const { kind, action, atMs } = readableEntry(row)
      if (kind === lettingGo.kind && action === lettingGo.action) letGoAtMs = atMs
      entries++
      before = row
      for (const checkpoint of standingAt(row, named)) standing.add(checkpoint)
    }
  }
}

/** `named`: by the number of the entry. */
function standingAt(
  { seq, hash }: AuditStart,
  named: ReadonlyMap<number, readonly Checkpoint[]>,
): Checkpoint[] {
  return (named.get(seq) ?? []).filter((checkpoint) => checkpoint.hash === Buffer.from(hash).toString('hex'))
}
