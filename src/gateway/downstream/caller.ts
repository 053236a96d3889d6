import type { ClientDescription } from '../eras/client.ts'
import { errorResponse } from '../wire/error-response.ts'
import type { NotificationMessage, RequestMessage } from '../wire/message.ts'
import type { Waiting } from '../wire/pending.ts'

export interface Question {
  /** Resolves when the client app can take more. */
  readonly sent: void | Promise<void>
  /** Tells the client app that the server no longer wants an answer. */
  cancel(notification: NotificationMessage | null): void
}

/** How a server reaches the client app that it works for. */
export interface Reachable {
  /** Passes a server's request on; the reply comes through `waiting`. */
  ask(request: RequestMessage, waiting: Waiting): Question
  /** Resolves when the client app can take more. */
  notify(notification: NotificationMessage): void | Promise<void>
  /** A promise while the client app reads too slowly; it resolves when there is room again. */
  room(): void | Promise<void>
}

/** The one who waits for a request that is on its way to a server. */
export interface Caller extends Reachable {
  readonly client: ClientDescription
  /** The least severe log messages that are wanted, or null for none at all; legacy callers leave it to the server. */
  readonly logLevel: string | null
  /** Whether other callers share the connection, so that no question can be told to be for this one. */
  readonly isOneOfMany: boolean
  /** Away to think over a question, and not waiting just now. */
  readonly isAway: boolean
  progress(notification: NotificationMessage): void | Promise<void>
}

/** Nobody can be asked this: the server gets an error for an answer. */
export function refuseToAsk(waiting: Waiting, code: number, message: string): Question {
  queueMicrotask(() => waiting.onReply(errorResponse(code, message)))
  return { sent: undefined, cancel: () => undefined }
}
