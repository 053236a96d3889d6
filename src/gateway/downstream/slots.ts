import type { Server } from '../../config/index.ts'
import { GatewayError } from '../gateway-error.ts'

/** Counts the processes of each server in this gateway, for `max_instances`. */
export class Slots {
  readonly #taken = new Map<string, number>()
  readonly #queues = new Map<string, Set<() => void>>()

  /**
   * Waits at most `startup_timeout_sec` for a slot; gives what leaves it. Throws SERVER_LIMIT_REACHED, and
   * SERVER_ENDED when `signal` fires first.
   */
  async enter(server: Server, signal: AbortSignal): Promise<() => void> {
    const deadline = performance.now() + server.startupTimeoutSec * 1000
    while (!signal.aborted && this.#isFull(server)) {
      const waitMs = deadline - performance.now()
      if (waitMs <= 0) throw limitReached(server)
      await this.#change(server.id, waitMs, signal)
    }
    if (signal.aborted) throw new GatewayError('SERVER_ENDED', 'it is no longer wanted')
    this.#taken.set(server.id, (this.#taken.get(server.id) ?? 0) + 1)
    return () => this.#leave(server.id)
  }

  #isFull({ id, maxInstances }: Server): boolean {
    return maxInstances > 0 && (this.#taken.get(id) ?? 0) >= maxInstances
  }

  #leave(id: string): void {
    this.#taken.set(id, (this.#taken.get(id) ?? 1) - 1)
    for (const wake of this.#queues.get(id) ?? []) wake()
  }

  #change(id: string, waitMs: number, signal: AbortSignal): Promise<void> {
    const queue = this.#queues.get(id) ?? new Set()
    this.#queues.set(id, queue)
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', wake)
        queue.delete(wake)
        resolve()
      }
      const timer = setTimeout(wake, waitMs)
      signal.addEventListener('abort', wake)
      queue.add(wake)
    })
  }
}

function limitReached({ id, maxInstances }: Server): GatewayError {
  return new GatewayError('SERVER_LIMIT_REACHED', `server ${id} runs ${maxInstances} times already`, {
    hint: `raise \`max_instances\` of ${id}, or close a client`,
  })
}
