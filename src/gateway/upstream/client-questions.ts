import type { Question } from '../downstream/caller.ts'
import {
  encodeMessage,
  type NotificationMessage,
  type RequestMessage,
  type ResponseMessage,
  readMessage,
} from '../wire/message.ts'
import { PendingRequests, type Waiting } from '../wire/pending.ts'
import { relabelCancellation, relabelRequest } from '../wire/relabel.ts'
import type { Outlet } from './outlet.ts'

/** What a legacy client is asked by servers and has not answered yet. */
export class ClientQuestions {
  readonly #pending = new PendingRequests()
  #hasEnded = false

  ask(request: RequestMessage, waiting: Waiting, outlet: Outlet): Question {
    if (this.#hasEnded) {
      queueMicrotask(() => waiting.onReply(noAnswer()))
      return { sent: undefined, cancel: () => undefined }
    }
    const id = this.#pending.open(waiting)
    const sent = outlet.send(relabelRequest(request, id))
    return {
      sent,
      cancel: (notification) => {
        this.#pending.forget(id)
        void outlet.send(notification === null ? serverEnded(id) : relabelCancellation(notification, id))
      },
    }
  }

  /** False when nobody waits for it. */
  answered(response: ResponseMessage): boolean {
    return this.#pending.settle(response)
  }

  /** The answer to the question with this id (JSON source) is none; `reason`: what the server gets to know. */
  refused(id: string, reason: Error): void {
    this.#pending.lose(id, reason)
  }

  progress(notification: NotificationMessage): void | Promise<void> {
    return this.#pending.progress(notification)
  }

  /** The client can answer nothing more: that is the answer to all that it was asked, and will be. */
  end(): void {
    this.#hasEnded = true
    this.#pending.settleAll(noAnswer())
  }

  loseAll(): void {
    this.#pending.loseAll()
  }
}

/** -32000: JSON-RPC leaves it to implementations. */
function noAnswer(): ResponseMessage {
  const error = {
    code: -32000,
    message: 'mcplexer: the client has closed its input, and can answer nothing more',
  }
  const message = readMessage(encodeMessage({ id: 0, error }))
  if (message.kind !== 'response') throw new TypeError('not a response')
  return message
}

function serverEnded(id: number): Uint8Array {
  return encodeMessage({
    method: 'notifications/cancelled',
    params: { requestId: id, reason: 'the server has ended' },
  })
}
