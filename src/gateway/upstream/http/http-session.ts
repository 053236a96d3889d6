import type { RequestMessage } from '../../wire/message.ts'
import type { Outlet } from '../outlet.ts'

/** What the HTTP side needs of a session; `ClientSession` is one. */
export interface HttpSession {
  /** Every request gets exactly one `end` on its outlet: after the reply, when it was cancelled, and at `close`. */
  receive(line: Uint8Array, outlet?: Outlet): void | Promise<void>
  /** The client has closed that outlet: nothing is sent on it any more. */
  abandon(outlet: Outlet): void
  /** The definition of the tool that a modern request calls, JSON text; null when it is not known (yet). */
  toolSource(request: RequestMessage): Promise<string | null>
  close(): Promise<void>
}

/** `home` takes what belongs to no request. */
export type OpenSession = (home: Outlet) => HttpSession
