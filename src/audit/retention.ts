import { log } from '../base/index.ts'
import {
  type ActivityDatabase,
  type AuditStart,
  auditAfter,
  auditBytesAbove,
  auditStart,
  dropAuditUpTo,
  hasAuditBody,
} from '../store/index.ts'
import { isLinked, linkedHash } from './chain.ts'
import { type AuditEntry, decodeEntry, encodeEntry } from './entry.ts'
import { headOf } from './query.ts'

export interface Retention {
  /** 0: for ever. */
  readonly keepDays: number
  /** 0: any number. */
  readonly keepEntries: number
  /** 0: any size. Of the entries themselves; with all that is around them the file is about a fifth larger. */
  readonly keepMb: number
}

interface Limits {
  readonly firstKept: number
  readonly oldestMs: number
  /** What is dated later was written by a clock that was ahead. */
  readonly latestMs: number
  readonly bytesToGo: number
}

const DAY_MS = 86_400_000
const MB = 1_000_000
/** The part of `keepMb` that is freed besides what is too much: else each start would let go of some entries. */
const ROOM = 0.01
const PAGE = 1000
/** Pages of one commit: it takes some 20 ms, in which nothing else is done. */
const PAGES_AT_ONCE = 10

/**
 * Lets go of what is too old or too much, from the front, so that the rest stays a chain, and puts that on record.
 * Nothing goes that is young by its own date, unless that is to come yet: such an entry is as old as the next one behind
 * it, or older, and goes with that. One of a date that has passed may be right, and those behind it wait for it.
 * Nothing goes of a record that was changed: what shows the change could be among it. Gives the number of the last
 * entry that went, or null.
 */
export async function prune(
  activity: ActivityDatabase,
  retention: Retention,
  nowMs: number,
): Promise<number | null> {
  const limits = await limitsOf(activity, retention, nowMs)
  let { bytesToGo } = limits
  for (let gone: number | null = null; ; ) {
    const start = await auditStart(activity)
    const { last, bytes, isWhole } = await oldestToGo(activity, start, { ...limits, bytesToGo })
    if (last === null) return gone
    if (!isWhole || (gone === null && !(await isKnown(activity, start)))) {
      // or another process lets go of them just now
      if ((await auditStart(activity)).seq !== start.seq) return gone
      log.warn('the record was changed, and nothing of it is let go of: mcplexer audit verify')
      return gone
    }
    bytesToGo -= bytes
    const isGone = await dropAuditUpTo(activity, last, (start) => encodeEntry(letGo(start), nowMs), linkedHash)
    if (!isGone) return gone
    gone = last
  }
}

/** What the record says of where it begins: number and hash of the last entry that is no longer in it. */
export function letGo({ seq, hash }: AuditStart): AuditEntry {
  const action = `let go up to ${seq} ${Buffer.from(hash).toString('hex')}`
  return { kind: 'retention', action, decision: 'allowed' }
}

async function limitsOf(
  activity: ActivityDatabase,
  { keepDays, keepEntries, keepMb }: Retention,
  nowMs: number,
): Promise<Limits> {
  const newest = await headOf(activity)
  const count = newest === null ? 0 : newest.seq - (await auditStart(activity)).seq
  const bytesAbove = keepMb === 0 ? 0 : await auditBytesAbove(activity, keepMb * MB)
  const isTooMuch = newest !== null && keepEntries !== 0 && count > keepEntries
  return {
    // the entry that says so is one of those kept; else each start would let go of another one
    firstKept: isTooMuch ? newest.seq - keepEntries + 2 : 0,
    oldestMs: keepDays === 0 ? 0 : nowMs - keepDays * DAY_MS,
    latestMs: keepDays === 0 ? Number.POSITIVE_INFINITY : nowMs,
    bytesToGo: bytesAbove === 0 ? 0 : bytesAbove + keepMb * MB * ROOM,
  }
}

/** Whether the record always began there, or an entry of retention says so. */
async function isKnown(activity: ActivityDatabase, start: AuditStart): Promise<boolean> {
  const { kind, action } = letGo(start)
  return start.seq === 0 || hasAuditBody(activity, JSON.stringify({ kind, action }).slice(1, -1))
}

/** Of the oldest entries, as many as go at once: the last, or null, how large they are, and if they are a chain. */
async function oldestToGo(
  activity: ActivityDatabase,
  start: AuditStart,
  { firstKept, oldestMs, latestMs, bytesToGo }: Limits,
): Promise<{ last: number | null; bytes: number; isWhole: boolean }> {
  let last: number | null = null
  let bytes = 0
  /** Of entries of the future, for which what is behind them decides. */
  let undecided = 0
  let before = start
  for (let page = 0; page < PAGES_AT_ONCE || undecided > 0; page++) {
    const rows = await auditAfter(activity, before.seq, PAGE)
    for (const row of rows) {
      // of one that was changed any time will do: it is no link of the chain
      const { atMs } = decodeEntry(row)
      const goes = row.seq < firstKept || atMs < oldestMs || bytes < bytesToGo
      if (!goes && !(atMs > latestMs)) return { last, bytes, isWhole: true }
      undecided += Buffer.byteLength(row.body)
      if (goes) {
        last = row.seq
        bytes += undecided
        undecided = 0
      }
      if (!isLinked(before, row)) return { last, bytes, isWhole: false }
      before = row
    }
    if (rows.length < PAGE) break
    // calls go on meanwhile
    if (undecided > 0) await Bun.sleep(0)
  }
  return { last, bytes, isWhole: true }
}
