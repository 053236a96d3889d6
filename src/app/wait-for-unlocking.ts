import { log, type Paths } from '../base/index.ts'
import type { Word } from './unlock-socket.ts'

/** Loading sockets takes longer than a server needs to start. */
const LISTEN_AFTER_MS = 300

/**
 * Listens for `mcplexer unlock`, and for a `lock` that cannot be written: at once when the key file is protected, and a
 * little later when it is not, as it may be protected while we run, and the first calls go first.
 */
export async function waitForUnlocking(
  paths: Paths,
  take: (word: Word) => boolean,
  closing: (() => unknown)[],
): Promise<void> {
  if (process.platform === 'win32') return
  const { isKeyWrapped } = await import('../vault/index.ts')
  const listen = async (): Promise<() => void> => {
    const { listenForUnlocking } = await import('./unlock-socket.ts')
    return listenForUnlocking(paths, take)
  }
  if (isKeyWrapped(paths.keyFile)) {
    const listening = await listen().catch(() => null)
    if (listening === null) log.warn('what opens the key file cannot be handed over by `mcplexer unlock`')
    else closing.push(listening)
    return
  }
  let listening: Promise<(() => void) | null> | null = null
  const timer = setTimeout(() => {
    listening = listen().catch(() => null)
  }, LISTEN_AFTER_MS)
  closing.push(async () => {
    clearTimeout(timer)
    const stop = await listening
    stop?.()
  })
}
