import type { NotificationMessage } from '../wire/message.ts'

/** One request of the client on its way, so that it can be called back wherever it is just then. */
export class Flight {
  #isCancelled = false
  #onCancel: ((notification: NotificationMessage) => void) | null = null

  get isCancelled(): boolean {
    return this.#isCancelled
  }

  cancel(notification: NotificationMessage): void {
    if (this.#isCancelled) return
    this.#isCancelled = true
    this.#onCancel?.(notification)
  }

  whenCancelled(listener: (notification: NotificationMessage) => void): void {
    this.#onCancel = listener
  }
}
