/**
 * The time a call may take. Progress starts it anew; a question to its client stops it until the answer, as a person
 * may be thinking. `timeoutMs` 0 is no limit.
 */
export class CallTimer {
  readonly #timeoutMs: number
  readonly #onExpired: () => void
  #timer: Timer | null = null
  #questions = 0
  #isOver = false

  constructor(timeoutMs: number, onExpired: () => void) {
    this.#timeoutMs = timeoutMs
    this.#onExpired = onExpired
    this.restart()
  }

  restart(): void {
    this.#clear()
    if (this.#isOver || this.#questions > 0 || this.#timeoutMs === 0) return
    this.#timer = setTimeout(this.#onExpired, this.#timeoutMs)
  }

  questionOpened(): void {
    this.#questions++
    this.#clear()
  }

  questionClosed(): void {
    this.#questions--
    this.restart()
  }

  end(): void {
    this.#isOver = true
    this.#clear()
  }

  #clear(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }
}
