/**
 * The time a call may take. Progress starts it anew; a question to the client app stops it until the answer, as
 * a person may be thinking. `timeoutMs` 0 is no limit.
 */
export class CallTimer {
  readonly #timeoutMs: number
  readonly #onExpired: () => void
  #timer: Timer | null = null

  constructor(timeoutMs: number, onExpired: () => void) {
    this.#timeoutMs = timeoutMs
    this.#onExpired = onExpired
    this.start()
  }

  start(): void {
    this.stop()
    if (this.#timeoutMs > 0) this.#timer = setTimeout(this.#onExpired, this.#timeoutMs)
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }
}
