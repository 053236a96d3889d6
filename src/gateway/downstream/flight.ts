import type { NotificationMessage } from '../wire/message.ts'

/** One request of the client on its way, so that it can be called back wherever it is just then. */
export class Flight {
  readonly #onSent: (() => void)[]
  #isSent = false
  #isAnswered = false
  #isCancelled = false
  #onCancel: ((notification: NotificationMessage | null) => void) | null = null

  /** `onSent`: the server has taken the request, or it needs none. */
  constructor(onSent: () => void = () => undefined) {
    this.#onSent = [onSent]
  }

  sent(): void {
    this.#isSent = true
    for (const listener of this.#onSent.splice(0)) listener()
  }

  whenSent(listener: () => void): void {
    if (this.#isSent) listener()
    else this.#onSent.push(listener)
  }

  /** It has its reply. What still comes for it is that of a task. */
  answered(): void {
    this.sent()
    this.#isAnswered = true
  }

  get isAnswered(): boolean {
    return this.#isAnswered
  }

  get isCancelled(): boolean {
    return this.#isCancelled
  }

  /** `notification`: what the client sent, or null when it is just gone. */
  cancel(notification: NotificationMessage | null): void {
    if (this.#isCancelled) return
    this.#isCancelled = true
    this.#onCancel?.(notification)
  }

  /** Replaces the listener before: a request is in one place at a time. */
  whenCancelled(listener: (notification: NotificationMessage | null) => void): void {
    this.#onCancel = listener
  }
}
