import { afterBlanks, afterLineBreak, beforeLineBreak, isEscapedLetter } from './line-break.ts'
import { type Reading, Rewriting } from './reading.ts'

/** Of each line of 31 characters or more, 16 are looked at. */
const STEP = 16
const IS_CODE = new Uint8Array(256)
for (const character of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_')
  IS_CODE[character.charCodeAt(0)] = 1

/**
 * The blocks of base64 or hex that go over several lines, each as one line; null when there are none. All else is
 * left out, with a NUL in its place.
 */
export function joinedLines(text: Reading): Reading | null {
  const { bytes } = text
  let writing: Rewriting | null = null
  let done = 0
  for (let at = 0; at + STEP <= bytes.length; at += STEP) {
    if (!isCode(bytes, at)) continue
    const end = endOfRun(bytes, at + STEP)
    if (afterBreak(bytes, end) > end) {
      const start = startOfBlock(bytes, at, done)
      writing ??= new Rewriting(text)
      leaveOut(writing, done, start)
      done = joinBlock(bytes, start, writing)
    }
    at = Math.max(done, end) - STEP
  }
  if (writing !== null) leaveOut(writing, done, bytes.length)
  return writing?.done() ?? null
}

function isCode(bytes: Uint8Array, start: number): boolean {
  for (let at = start; at < start + STEP; at++) if (IS_CODE[bytes[at] as number] === 0) return false
  return true
}

/** Gives where the block ends. */
function joinBlock(bytes: Uint8Array, start: number, writing: Rewriting): number {
  for (let end = endOfRun(bytes, start); ; ) {
    const next = afterBreak(bytes, end)
    if (next === end) return end
    writing.replace(end, next - end)
    end = endOfRun(bytes, next)
  }
}

/** The block begins one line earlier when something else stands in that line first. */
function startOfBlock(bytes: Uint8Array, at: number, limit: number): number {
  const start = startOfRun(bytes, at, limit)
  const before = beforeLineBreak(bytes, start, limit)
  return before === start ? start : startOfRun(bytes, before, limit)
}

/** Where the next line begins; `end` when there is no more of the block. */
function afterBreak(bytes: Uint8Array, end: number): number {
  const line = afterLineBreak(bytes, end)
  const next = line === end ? end : afterBlanks(bytes, line)
  return IS_CODE[bytes[next] ?? 0] === 0 ? end : next
}

function endOfRun(bytes: Uint8Array, at: number): number {
  let end = at
  while (end < bytes.length && IS_CODE[bytes[end] as number] !== 0) end++
  return end
}

function startOfRun(bytes: Uint8Array, at: number, limit: number): number {
  let start = at
  while (start > limit && IS_CODE[bytes[start - 1] as number] !== 0) start--
  return isEscapedLetter(bytes, start) ? start + 1 : start
}

function leaveOut(writing: Rewriting, start: number, end: number): void {
  if (end <= start) return
  writing.replace(start, end - start)
  writing.put(0)
}
