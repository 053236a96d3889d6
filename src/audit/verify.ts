import { type ActivityDatabase, auditAfter, auditStart } from '../store/index.ts'
import { linkedHash } from './chain.ts'
import type { Checkpoint } from './checkpoint.ts'

const PAGE = 1000

/** `brokenAt`: the first entry that is not as it was written, or does not follow on the one before. */
export interface Verdict {
  readonly entries: number
  readonly firstSeq: number
  readonly brokenAt: number | null
  /** Of the checkpoint: whether the entry that it names is there and unchanged; null without one. */
  readonly hasCheckpoint: boolean | null
}

/**
 * Reads the whole chain. It finds every edit, gap and change of order that was made without computing all hashes
 * anew; what was cut off at the end, or written anew altogether, only a checkpoint kept elsewhere shows.
 */
export async function verify(
  activity: ActivityDatabase,
  checkpoint: Checkpoint | null = null,
): Promise<Verdict> {
  const start = await auditStart(activity)
  let before = start
  let entries = 0
  let hasCheckpoint = checkpoint === null ? null : isNamed(start, checkpoint)
  for (;;) {
    const rows = await auditAfter(activity, before.seq, PAGE)
    if (rows.length === 0) return { entries, firstSeq: start.seq + 1, brokenAt: null, hasCheckpoint }
    for (const row of rows) {
      const isNext = row.seq === before.seq + 1
      const isWhole = isNext && Buffer.compare(linkedHash(before, row.body), row.hash) === 0
      if (!isWhole) return { entries, firstSeq: start.seq + 1, brokenAt: before.seq + 1, hasCheckpoint }
      entries++
      before = row
      if (checkpoint !== null && isNamed(row, checkpoint)) hasCheckpoint = true
    }
  }
}

function isNamed({ seq, hash }: { seq: number; hash: Uint8Array }, checkpoint: Checkpoint): boolean {
  return seq === checkpoint.seq && Buffer.from(hash).toString('hex') === checkpoint.hash
}
