import { type ActivityDatabase, auditAfter, auditStart } from '../store/index.ts'
import type { Checkpoint } from './checkpoint.ts'
import { isLinked } from './link.ts'
import { readableEntry } from './readable.ts'
import { letGo } from './retention.ts'

const PAGE = 1000

/** `brokenAt`: the first entry that is not as it was written, or does not follow on the one before. */
interface Verdict {
  readonly entries: number
  readonly firstSeq: number
  readonly brokenAt: number | null
  /** Entries are missing in front, and none that is left says that they were let go of. */
  readonly isCutOff: boolean
  /** When those in front were let go of, as the record says. */
  readonly letGoAtMs: number | null
  /** Of the checkpoint: whether the entry that it names is there and unchanged; null without one. */
  readonly hasCheckpoint: boolean | null
}

/**
 * Reads the whole chain. It finds every edit, gap and change of order, and every end cut off in front, that was made
 * without computing hashes anew; what was cut off at its end, or written anew, only a checkpoint kept elsewhere shows.
 */
export async function verify(
  activity: ActivityDatabase,
  checkpoint: Checkpoint | null = null,
): Promise<Verdict> {
  const start = await auditStart(activity)
  const lettingGo = letGo(start)
  let before = start
  let entries = 0
  let letGoAtMs: number | null = null
  let hasCheckpoint = checkpoint === null ? null : isNamed(start, checkpoint)
  const verdict = (brokenAt: number | null): Verdict => {
    const isCutOff = start.seq !== 0 && letGoAtMs === null
    return { entries, firstSeq: start.seq + 1, brokenAt, isCutOff, letGoAtMs, hasCheckpoint }
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
      if (checkpoint !== null && isNamed(row, checkpoint)) hasCheckpoint = true
    }
  }
}

function isNamed({ seq, hash }: { seq: number; hash: Uint8Array }, checkpoint: Checkpoint): boolean {
  return seq === checkpoint.seq && Buffer.from(hash).toString('hex') === checkpoint.hash
}
