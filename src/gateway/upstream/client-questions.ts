import type { Question } from '../downstream/caller.ts'
import {
  encodeMessage,
  type NotificationMessage,
  type RequestMessage,
  type ResponseMessage,
} from '../wire/message.ts'
import { PendingRequests, type Waiting } from '../wire/pending.ts'
import { relabelCancellation, relabelRequest } from '../wire/relabel.ts'
import type { Outlet } from './outlet.ts'

/** What a legacy client is asked by servers and has not answered yet. */
export class ClientQuestions {
  readonly #pending = new PendingRequests()

  ask(request: RequestMessage, waiting: Waiting, outlet: Outlet): Question {
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

  progress(notification: NotificationMessage): void | Promise<void> {
    return this.#pending.progress(notification)
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
