import { CallTimer } from './call-timer.ts'
import type { Caller } from './caller.ts'

export interface Call {
  readonly caller: Caller
  readonly timer: CallTimer
}

/** The calls of one connection that are not answered yet, in the order in which they came. */
export class CallsInFlight {
  readonly #calls = new Set<Call>()
  #newest: Call | undefined
  #begun = 0
  #onQuiet: (() => void)[] = []

  get size(): number {
    return this.#calls.size
  }

  /** Grows with every call. */
  get begun(): number {
    return this.#begun
  }

  /** The last one that has begun and is not answered. */
  get newest(): Call | undefined {
    return this.#newest
  }

  /** The calls whose clients wait just now; when all clients think over a question, all calls. */
  get waiting(): Call[] {
    const calls = [...this.#calls]
    const present = calls.filter(({ caller }) => !caller.isAway)
    return present.length > 0 ? present : calls
  }

  /**
   * On stdio nothing says to which call a server's question or log message belongs: the newest is the best guess, but
   * none at all when the calls are of different clients.
   */
  likely(isShared: boolean): Call | null {
    const { waiting } = this
    const newest = waiting.at(-1) ?? null
    const isOfMany = newest?.caller.isOneOfMany === true || isShared
    return isOfMany && waiting.length > 1 ? null : newest
  }

  /** `timeoutMs` 0: none. */
  begin(caller: Caller, timeoutMs: number, onExpired: () => void): Call {
    const call = { caller, timer: new CallTimer(timeoutMs, onExpired) }
    this.#calls.add(call)
    this.#newest = call
    this.#begun++
    return call
  }

  end(call: Call): void {
    call.timer.end()
    this.#calls.delete(call)
    if (this.#newest === call) this.#newest = [...this.#calls].at(-1)
    if (this.#calls.size === 0) this.wake()
  }

  /** Resolves when none is in flight any more, or by `wake`. */
  whenQuiet(): Promise<void> {
    return this.#calls.size === 0 ? Promise.resolve() : new Promise((resolve) => this.#onQuiet.push(resolve))
  }

  wake(): void {
    for (const resolve of this.#onQuiet.splice(0)) resolve()
  }
}
