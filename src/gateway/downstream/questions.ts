import { encodeError, idKey, type NotificationMessage, type RequestMessage } from '../wire/message.ts'
import { restoreId, restoreToken } from '../wire/relabel.ts'
import type { Question, Reachable } from './caller.ts'

const MAX_OPEN = 64

export interface QuestionEvents {
  onFirst(): void
  onNoneLeft(): void
}

/** The requests of one server that wait for an answer of the client app. */
export class Questions {
  readonly #open = new Map<string, Question>()
  readonly #write: (line: Uint8Array) => void | Promise<void>
  readonly #events: QuestionEvents

  constructor(write: (line: Uint8Array) => void | Promise<void>, events: QuestionEvents) {
    this.#write = write
    this.#events = events
  }

  get size(): number {
    return this.#open.size
  }

  /** A server that floods must not fill memory, here or at the client: what is too many is refused. */
  pass(request: RequestMessage, asked: Reachable): void | Promise<void> {
    if (this.#open.size >= MAX_OPEN) return this.#write(tooMany(request))
    if (this.#open.size === 0) this.#events.onFirst()
    const key = idKey(request.bytes, request.id)
    let isAnswered = false
    const close = (): void => {
      isAnswered = true
      this.#close(key)
    }
    const question = asked.ask(request, {
      onReply: (response) => {
        close()
        void this.#write(restoreId(response, request))
      },
      onProgress: (notification) => {
        const line = restoreToken(notification, request)
        return line === null ? undefined : this.#write(line)
      },
      onLost: close,
    })
    if (!isAnswered) this.#open.set(key, question)
    return question.sent
  }

  /** The server no longer wants an answer. */
  withdraw(notification: NotificationMessage): void {
    const requestId = notification.params.get('requestId')
    if (requestId === undefined) return
    const key = idKey(notification.bytes, requestId)
    this.#open.get(key)?.cancel(notification)
    this.#close(key)
  }

  /** The server is gone. */
  cancelAll(): void {
    for (const question of this.#open.values()) question.cancel(null)
    this.#open.clear()
  }

  #close(key: string): void {
    this.#open.delete(key)
    if (this.#open.size === 0) this.#events.onNoneLeft()
  }
}

/** -32000: JSON-RPC leaves it to implementations. */
function tooMany(request: RequestMessage): Uint8Array {
  const message = `mcplexer: ${MAX_OPEN} requests of this server wait for the client already`
  return encodeError(request, { code: -32000, message })
}
