import { encodeError, idKey, type NotificationMessage, type RequestMessage } from '../wire/message.ts'
import { restoreId, restoreToken } from '../wire/relabel.ts'
import { RPC } from '../wire/rpc-codes.ts'
import type { CallTimer } from './call-timer.ts'
import type { Question, Reachable } from './caller.ts'

const MAX_OPEN = 64

interface OpenQuestion {
  /** Null while it is being asked. */
  question: Question | null
  /** Of the call that it belongs to. */
  readonly timer: CallTimer | null
  isClosed: boolean
}

/** The requests of one server that wait for an answer of the client app. */
export class Questions {
  readonly #open = new Map<string, OpenQuestion>()
  readonly #write: (line: Uint8Array) => void | Promise<void>
  /** Names the value in what the client says that the server must not learn; null: there is none. */
  readonly #foreignIn: (line: Uint8Array) => string | null

  constructor(
    write: (line: Uint8Array) => void | Promise<void>,
    foreignIn: (line: Uint8Array) => string | null,
  ) {
    this.#write = write
    this.#foreignIn = foreignIn
  }

  /**
   * Stops `timer` until it is answered. A server that floods must not fill memory, here or at the client: what is too
   * many is refused.
   */
  pass(request: RequestMessage, asked: Reachable, timer: CallTimer | null): void | Promise<void> {
    if (this.#open.size >= MAX_OPEN) return this.#write(tooMany(request))
    const key = idKey(request.bytes, request.id)
    if (this.#open.has(key))
      return this.#write(encodeError(request, { code: RPC.invalidRequest, message: 'this id is in use' }))
    const open: OpenQuestion = { question: null, timer, isClosed: false }
    this.#open.set(key, open)
    timer?.questionOpened()
    open.question = asked.ask(request, {
      onReply: (response) => {
        this.#close(key, open)
        const foreign = this.#foreignIn(response.bytes)
        void this.#write(foreign === null ? restoreId(response, request) : withheld(request))
      },
      onProgress: (notification) => {
        const line = restoreToken(notification, request)
        return line === null || this.#foreignIn(line) !== null ? undefined : this.#write(line)
      },
      onLost: (reason) => {
        this.#close(key, open)
        if (reason !== undefined)
          void this.#write(
            encodeError(request, { code: RPC.internalError, message: `mcplexer: ${reason.message}` }),
          )
      },
    })
    return open.question.sent
  }

  /** The server no longer wants an answer. */
  withdraw(notification: NotificationMessage): void {
    const requestId = notification.params.get('requestId')
    if (requestId === undefined) return
    const key = idKey(notification.bytes, requestId)
    const open = this.#open.get(key)
    if (open === undefined) return
    open.question?.cancel(notification)
    this.#close(key, open)
  }

  /** The server is gone. */
  cancelAll(): void {
    for (const { question } of this.#open.values()) question?.cancel(null)
    this.#open.clear()
  }

  #close(key: string, open: OpenQuestion): void {
    if (open.isClosed) return
    open.isClosed = true
    open.timer?.questionClosed()
    if (this.#open.get(key) === open) this.#open.delete(key)
  }
}

export function nobodyToAsk(request: RequestMessage): Uint8Array {
  return encodeError(request, {
    code: RPC.refused,
    message: 'mcplexer: there is no client to ask at the moment',
  })
}

function withheld(request: RequestMessage): Uint8Array {
  return encodeError(request, {
    code: RPC.refused,
    message: 'mcplexer: the answer holds a secret of another server',
  })
}

function tooMany(request: RequestMessage): Uint8Array {
  const message = `mcplexer: ${MAX_OPEN} requests of this server wait for the client already`
  return encodeError(request, { code: RPC.refused, message })
}
