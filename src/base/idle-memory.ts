import { readFileSync, readlinkSync } from 'node:fs'
import { openCLibrary } from './c-library.ts'
import { log } from './log.ts'

/** Linux: madvise(2). */
const MADV_DONTNEED = 4
const LOOK_EVERY_MS = 5000
/** Processor time between two looks; a gateway that used more has worked. */
const IDLE_CPU_MS = 100

/**
 * Most of what an idle gateway has resident is its own program text. Once it has nothing to do the pages are given
 * back, here and not only when the kernel is short of them; what runs again is mapped again, out of the page cache.
 * Gives what ends it.
 */
export function releaseMemoryWhenIdle(lookEveryMs = LOOK_EVERY_MS): () => void {
  let usedMs = processorMs()
  let isReleased = false
  let library: ReturnType<typeof openLibrary> | null = null
  const look = async (): Promise<void> => {
    const now = processorMs()
    const isIdle = now - usedMs < IDLE_CPU_MS
    usedMs = now
    if (isIdle && !isReleased) {
      library ??= openLibrary()
      releaseMemory(await library)
    }
    isReleased = isIdle
  }
  const timer = setInterval(() => void look().catch(() => log.debug('no memory was released')), lookEveryMs)
  timer.unref()
  return () => clearInterval(timer)
}

function openLibrary() {
  return openCLibrary(({ i32, u64 }) => ({ madvise: { args: [u64, u64, i32], returns: i32 } }))
}

function releaseMemory(library: Awaited<ReturnType<typeof openLibrary>>): void {
  for (const { start, end } of programText()) library?.symbols.madvise(start, end - start, MADV_DONTNEED)
}

/** Where the executable is mapped to be run, and so never written: proc_pid_maps(5). Also of one replaced since. */
function programText(): { start: bigint; end: bigint }[] {
  const program = readlinkSync('/proc/self/exe')
  return readFileSync('/proc/self/maps', 'utf8')
    .split('\n')
    .filter((line) => line.endsWith(` ${program}`) && line.split(' ')[1] === 'r-xp')
    .map((line) => {
      const [start = '', end = ''] = (line.split(' ')[0] ?? '').split('-')
      return { start: BigInt(`0x${start}`), end: BigInt(`0x${end}`) }
    })
}

function processorMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}
