import type { NotificationMessage, RequestMessage } from '../wire/message.ts'
import type { Waiting } from '../wire/pending.ts'

/** What a server gets to know of the client app it works for, as JSON source. */
export interface ClientDescription {
  readonly revision: string
  readonly capabilities: string
  readonly clientInfo: string
}

/** The client session that a connection belongs to, as the connection sees it. */
export interface ClientPeer extends ClientDescription {
  /** Passes a server's request on to the client app; the reply comes through `waiting`. */
  ask(request: RequestMessage, waiting: Waiting): Question
  /** Resolves when the client app can take more. */
  notify(line: Uint8Array): void | Promise<void>
}

export interface Question {
  /** Resolves when the client app can take more. */
  readonly sent: void | Promise<void>
  /** Tells the client app that the server no longer wants an answer. */
  cancel(notification: NotificationMessage | null): void
}
