import { openCLibrary } from './c-library.ts'
import { log } from './log.ts'

/** poll(2): what it tells without being asked for. */
const POLLERR = 0x08
const POLLHUP = 0x10
const POLLNVAL = 0x20
const GONE = POLLERR | POLLHUP | POLLNVAL
const LOOK_EVERY_MS = 50

/**
 * Calls `onGone` once nobody can read any more what is written to `descriptor`, a pipe or a socket; without it only the
 * next write would tell. On Linux; elsewhere it stays silent. Gives what ends the watch.
 */
export function watchReader(descriptor: number, onGone: () => void): () => void {
  let library: ReturnType<typeof openLibrary> | null = null
  const look = async (): Promise<void> => {
    library ??= openLibrary()
    if (hasGone(await library, descriptor)) onGone()
  }
  const timer = setInterval(
    () => void look().catch(() => log.debug('the reader cannot be watched')),
    LOOK_EVERY_MS,
  )
  timer.unref()
  return () => clearInterval(timer)
}

function openLibrary() {
  return openCLibrary(({ i32, u64, pointer }) => ({ poll: { args: [pointer, u64, i32], returns: i32 } }))
}

/** Asks for no events and does not wait. */
function hasGone(library: Awaited<ReturnType<typeof openLibrary>>, descriptor: number): boolean {
  if (library === null) return false
  const pollfd = new DataView(new ArrayBuffer(8))
  pollfd.setInt32(0, descriptor, true)
  const found = library.symbols.poll(library.ptr(pollfd), 1, 0)
  return found > 0 && (pollfd.getInt16(6, true) & GONE) !== 0
}
