import type { Server } from '../../config/index.ts'
import { GatewayError } from '../gateway-error.ts'

/**
 * What `work` gives, if it comes within the server's `startup_timeout_sec`. Throws SERVER_START_FAILED with
 * `lateMessage` otherwise, and SERVER_ENDED when `signal` fires first; `work` is not waited for then.
 */
export async function withinStartupTimeout<T>(
  server: Server,
  work: Promise<T>,
  lateMessage: string,
  signal?: AbortSignal,
): Promise<T> {
  let timer: Timer | undefined
  const late = new Promise<never>((_, reject) => {
    const fail = (): void =>
      reject(
        new GatewayError('SERVER_START_FAILED', `${lateMessage} within ${server.startupTimeoutSec} s`, {
          hint: `raise \`startup_timeout_sec\` of ${server.id}`,
        }),
      )
    timer = setTimeout(fail, server.startupTimeoutSec * 1000)
    const ending = (): void => reject(new GatewayError('SERVER_ENDED', 'it was stopped'))
    if (signal?.aborted) ending()
    signal?.addEventListener('abort', ending)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

/** When `work` is done, or at the latest after `ms`; it goes on then. */
export async function atMost(ms: number, work: Promise<void>): Promise<void> {
  let timer: Timer | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([work, late])
  clearTimeout(timer)
}
