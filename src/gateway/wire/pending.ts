import { idKey, type NotificationMessage, type ResponseMessage } from './message.ts'
import { taskIn } from './task.ts'

/** Of those that go on, the newest: nothing says when they are over. */
const KEPT_TASKS = 100

export interface Waiting {
  onReply(response: ResponseMessage): void
  /** Also after the reply, when that has begun a task. */
  onProgress?(notification: NotificationMessage): void | Promise<void>
  /** What comes for a subscription that the request has opened. */
  onEvent?(notification: NotificationMessage): void | Promise<void>
  /** There will be no reply: the other side is gone, or its reply was refused for the reason given. */
  onLost(reason?: Error): void
}

/**
 * Requests that were sent to one peer and not answered yet. Ids are our own and unique per peer, and serve as
 * progress tokens too, so that those of two senders never meet.
 */
export class PendingRequests {
  #lastId = 0
  readonly #waiting = new Map<string, Waiting>()
  /** Have their reply, and go on as a task. */
  readonly #tasks = new Map<string, Waiting>()
  /** When the last of them is over, as far as its server has said. */
  #tasksEndMs = 0

  /** Whether a task may go on that a reply has begun. */
  get hasTasks(): boolean {
    return performance.now() < this.#tasksEndMs
  }

  open(waiting: Waiting): number {
    const id = ++this.#lastId
    this.#waiting.set(String(id), waiting)
    return id
  }

  /** False when nobody waits for it: never asked, answered already, or cancelled. */
  settle(response: ResponseMessage): boolean {
    const key = ownKey(idKey(response.bytes, response.id))
    const waiting = this.#waiting.get(key)
    if (waiting === undefined) return false
    this.#waiting.delete(key)
    this.#noteTask(key, waiting, response)
    waiting.onReply(response)
    return true
  }

  /** Everybody who waits gets this as the reply. */
  settleAll(response: ResponseMessage): void {
    const answered = [...this.#waiting.values()]
    this.#waiting.clear()
    for (const waiting of answered) waiting.onReply(response)
  }

  progress(notification: NotificationMessage): void | Promise<void> {
    const token = notification.params.get('progressToken')
    if (token === undefined) return
    const key = ownKey(idKey(notification.bytes, token))
    return (this.#waiting.get(key) ?? this.#tasks.get(key))?.onProgress?.(notification)
  }

  /** `key`: as `idKey` gives it, of the request that opened a subscription. */
  event(key: string, notification: NotificationMessage): void | Promise<void> {
    return this.#waiting.get(ownKey(key))?.onEvent?.(notification)
  }

  /** Nobody waits any more; a late reply is dropped. */
  forget(id: number): void {
    this.#waiting.delete(String(id))
  }

  /** Its reply was refused. `key` null: it is not known whose it was; with one waiting it can only be that. */
  lose(key: string | null, reason: Error): void {
    const [only] = this.#waiting.keys()
    const sole = this.#waiting.size === 1 ? only : undefined
    const lost = key === null ? sole : ownKey(key)
    const waiting = lost === undefined ? undefined : this.#waiting.get(lost)
    if (lost === undefined || waiting === undefined) return
    this.#waiting.delete(lost)
    waiting.onLost(reason)
  }

  loseAll(reason?: Error): void {
    const lost = [...this.#waiting.values()]
    this.#waiting.clear()
    this.#tasks.clear()
    for (const waiting of lost) waiting.onLost(reason)
  }

  /** MCP 2025-11-25, "Progress": the token of the request that has begun a task stays good as long as that. */
  #noteTask(key: string, waiting: Waiting, response: ResponseMessage): void {
    const task = taskIn(response)
    if (task === null) return
    this.#tasksEndMs = Math.max(this.#tasksEndMs, performance.now() + task.openMs)
    if (waiting.onProgress === undefined) return
    this.#tasks.set(key, waiting)
    const [oldest] = this.#tasks.keys()
    if (this.#tasks.size > KEPT_TASKS && oldest !== undefined) this.#tasks.delete(oldest)
  }
}

/** Ours are numbers. Some servers give them back as strings, which the official client takes, too. */
function ownKey(key: string): string {
  return /^"\d+"$/.test(key) ? key.slice(1, -1) : key
}
