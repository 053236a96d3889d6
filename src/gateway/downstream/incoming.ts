import { log } from '../../base/index.ts'
import type { Server } from '../../config/index.ts'
import { META } from '../eras/modern.ts'
import type { LineEnds } from '../wire/framing.ts'
import { idAtEitherEnd } from '../wire/line-ends.ts'
import type { LineWriter } from '../wire/line-writer.ts'
import {
  encodeError,
  encodeResult,
  idKey,
  type Message,
  type NotificationMessage,
  type RequestMessage,
} from '../wire/message.ts'
import type { PendingRequests } from '../wire/pending.ts'
import { RPC } from '../wire/rpc-codes.ts'
import { heldBackError, tooLargeError, unreadableError } from './call-errors.ts'
import type { Reachable } from './caller.ts'
import type { Call, CallsInFlight } from './calls-in-flight.ts'
import type { Passage } from './passage.ts'
import { nobodyToAsk, type Questions } from './questions.ts'

export interface Listener {
  /** What belongs to no call in flight. */
  onNotification(notification: NotificationMessage): void | Promise<void>
  /** Who is asked when no call is in flight. */
  home(): Reachable | null
  /** Whether others than one session use the connection. */
  isShared(): boolean
}

/** What one connection knows, for both ways. */
interface ConnectionParts {
  readonly server: Server
  readonly passage: Passage
  readonly writer: LineWriter
  readonly pending: PendingRequests
  readonly calls: CallsInFlight
  readonly questions: Questions
  readonly listener: Listener
  /** What comes afterwards is for nobody, be it the rest of a batch. */
  hasEnded(): boolean
}

/** How long a slow reader may hold up others who share the server, for each message. */
const SHARED_WAIT_MS = 50

/** What one server says, and who gets it: the call that waits for it, the client that is asked, or the listener. */
export class Incoming {
  readonly #parts: ConnectionParts
  /** Replies may be on their way to those who asked, which takes them to the end of the turn. */
  #hasReplied = false

  constructor(parts: ConnectionParts) {
    this.#parts = parts
  }

  /** A promise while whoever gets it has no room for more. */
  receive(line: Uint8Array): void | Promise<void> {
    return this.#parts.passage.each(line, this.#receiveOne)
  }

  /** Made once, as `#holdBack` is, and not for each line. */
  readonly #receiveOne = (line: Uint8Array): void | Promise<void> => {
    if (this.#parts.hasEnded()) return
    const message = this.#parts.passage.fromServer(line, this.#holdBack, this.#refused)
    if (message === null) return
    return this.#capped(this.#dispatch(message))
  }

  tooLong(ends: LineEnds): void {
    log.warn(`${this.#parts.server.id}: a message over 64 MiB was skipped`)
    this.#parts.pending.lose(idAtEitherEnd(ends), tooLargeError(this.#parts.server))
  }

  /** Of a call in flight, which is given its whole time again. */
  progress({ timer, caller }: Call, notification: NotificationMessage): void | Promise<void> {
    timer.restart()
    return this.#hasRoom(caller) ? caller.progress(notification) : undefined
  }

  #dispatch(message: Message): void | Promise<void> {
    if (message.kind !== 'response') return this.#hasReplied ? this.#behindReply(message) : this.#pass(message)
    this.#hasReplied = true
    const room = this.#parts.calls.newest?.caller.room()
    if (!this.#parts.pending.settle(message))
      log.debug(`${this.#parts.server.id}: a response that nobody waits for`)
    return room
  }

  /** What is said behind a reply must not overtake it. */
  async #behindReply(message: RequestMessage | NotificationMessage): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve))
    this.#hasReplied = false
    if (!this.#parts.hasEnded()) await this.#pass(message)
  }

  #pass(message: RequestMessage | NotificationMessage): void | Promise<void> {
    return message.kind === 'request' ? this.#answer(message) : this.#notified(message)
  }

  /** The message has a secret in a place where nothing can stand instead: whoever waits for it is told. */
  readonly #holdBack = (message: Message): void => {
    if (message.kind === 'response')
      this.#parts.pending.lose(idKey(message.bytes, message.id), heldBackError(this.#parts.server))
    if (message.kind === 'request')
      void this.#parts.writer.write(
        encodeError(message, { code: RPC.invalidRequest, message: 'it has the value of a secret' }),
      )
  }

  readonly #refused = (id: string): void => this.#parts.pending.lose(id, unreadableError(this.#parts.server))

  /** A slow reader slows a server of its own down, but one that others use too only a little. */
  #capped(room: void | Promise<void>): void | Promise<void> {
    if (room === undefined || !this.#parts.listener.isShared()) return room
    return Promise.race([room, Bun.sleep(SHARED_WAIT_MS)])
  }

  /** News for a client that does not read are lost when others would have to wait for it. */
  #hasRoom(reader: Reachable): boolean {
    return !this.#parts.listener.isShared() || reader.room() === undefined
  }

  #notified(notification: NotificationMessage): void | Promise<void> {
    if (notification.method === 'notifications/progress') return this.#parts.pending.progress(notification)
    if (notification.method === 'notifications/cancelled') return this.#parts.questions.withdraw(notification)
    const subscription = notification.meta.get(META.subscriptionId)
    if (subscription !== undefined)
      return this.#parts.pending.event(idKey(notification.bytes, subscription), notification)
    if (notification.method !== 'notifications/message' || this.#parts.calls.size === 0)
      return this.#parts.listener.onNotification(notification)
    const caller = this.#parts.calls.likely(this.#parts.listener.isShared())?.caller
    return caller !== undefined && this.#hasRoom(caller) ? caller.notify(notification) : undefined
  }

  #answer(request: RequestMessage): void | Promise<void> {
    if (request.method === 'ping') return this.#parts.writer.write(encodeResult(request, '{}'))
    const call = this.#parts.calls.likely(this.#parts.listener.isShared())
    const asked = this.#parts.calls.size === 0 ? this.#parts.listener.home() : (call?.caller ?? null)
    if (asked === null) return this.#parts.writer.write(nobodyToAsk(request))
    return this.#parts.questions.pass(request, asked, call?.timer ?? null)
  }
}
