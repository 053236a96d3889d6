import { type Question, refuseToAsk } from '../downstream/caller.ts'
import { errorResponse } from '../wire/error-response.ts'
import {
  encodeMessage,
  type NotificationMessage,
  type RequestMessage,
  type ResponseMessage,
} from '../wire/message.ts'
import { PendingRequests, type Waiting } from '../wire/pending.ts'
import { relabelCancellation, relabelRequest } from '../wire/relabel.ts'
import { RPC } from '../wire/rpc-codes.ts'
import type { Outlet } from './outlet.ts'

const NO_ANSWER = 'mcplexer: the client has closed its input, and can answer nothing more'

/** What a legacy client is asked by servers and has not answered yet. */
export class ClientQuestions {
  readonly #pending = new PendingRequests()
  #hasEnded = false

  ask(request: RequestMessage, waiting: Waiting, outlet: Outlet): Question {
    if (this.#hasEnded) return refuseToAsk(waiting, RPC.refused, NO_ANSWER)
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
    this.#pending.settleAll(errorResponse(RPC.refused, NO_ANSWER))
  }

  loseAll(): void {
    this.#pending.loseAll()
  }
}

function serverEnded(id: number): Uint8Array {
  return encodeMessage({
    method: 'notifications/cancelled',
    params: { requestId: id, reason: 'the server has ended' },
  })
}
