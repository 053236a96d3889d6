/**
 * Runs `work` when asked, never twice at once: requests that come during a run, or within `pauseMs` of its end,
 * share the next one.
 */
export class Coalescer {
  readonly #work: () => Promise<void>
  readonly #pauseMs: number
  /** Settles when the last run has ended and rested. */
  #rested: Promise<unknown> = Promise.resolve()
  #next: Promise<void> | null = null

  constructor(work: () => Promise<void>, pauseMs: number) {
    this.#work = work
    this.#pauseMs = pauseMs
  }

  /** Settles as a run of `work` does that begins after this. */
  request(): Promise<void> {
    this.#next ??= this.#rested.then(() => {
      this.#next = null
      const run = this.#work()
      this.#rested = run.catch(() => undefined).then(() => Bun.sleep(this.#pauseMs))
      return run
    })
    return this.#next
  }
}
