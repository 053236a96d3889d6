import { isMcplexerError, log } from '../../base/index.ts'
import { LISTEN, readEnvelope } from '../eras/modern.ts'
import { errorReply, failedRequest, skippedReply, unreadableReply } from '../rpc-error.ts'
import type { LineEnds } from '../wire/framing.ts'
import { requestIdAtEitherEnd } from '../wire/line-ends.ts'
import {
  type Message,
  type NotificationMessage,
  type RequestMessage,
  readMessage,
  splitBatch,
} from '../wire/message.ts'
import { refusedIn } from '../wire/refused.ts'
import { RPC } from '../wire/rpc-codes.ts'
import { LegacyDesk } from './legacy-desk.ts'
import { ModernDesk } from './modern-desk.ts'
import type { Outlet } from './outlet.ts'
import type { ServiceDeps } from './service.ts'

interface SessionDeps extends ServiceDeps {
  /** For what belongs to no request of the client. */
  readonly home: Outlet
}

/**
 * One client app on one connection. What it sends tells which era it speaks: a modern request says so itself, and
 * all else is a session that begins with `initialize`. MCP 2026-07-28, "Versioning: Backward Compatibility".
 */
export class ClientSession {
  readonly #home: Outlet
  readonly #legacy: LegacyDesk
  readonly #modern: ModernDesk
  /** Requests that have an end; a subscription has none of its own. */
  #unanswered = 0
  #onAnswered: (() => void) | null = null
  #isClosed = false

  constructor(deps: SessionDeps) {
    this.#home = {
      send: (line) => (this.#isClosed ? undefined : deps.home.send(line)),
      room: () => deps.home.room(),
      end: () => deps.home.end(),
    }
    this.#legacy = new LegacyDesk(deps, this.#home)
    this.#modern = new ModernDesk(deps, this.#home)
  }

  /**
   * One line from the client. Never throws; what cannot be read is answered as JSON-RPC asks. The reply, and all
   * that comes before it for the same request, goes to `outlet`.
   */
  receive(line: Uint8Array, outlet: Outlet = this.#home): void | Promise<void> {
    try {
      const batch = splitBatch(line)
      if (batch === null) return this.#handle(readMessage(line), outlet)
      return this.#receiveAll(batch, outlet)
    } catch (error) {
      return this.#unreadable(line, error, outlet)
    }
  }

  async #receiveAll(batch: readonly Uint8Array[], outlet: Outlet): Promise<void> {
    for (const part of batch) await this.#receivePart(part, outlet)
  }

  /** Of a batch: one that cannot be read is answered, and the others are not its fault. */
  #receivePart(part: Uint8Array, outlet: Outlet): void | Promise<void> {
    try {
      return this.#handle(readMessage(part), outlet)
    } catch {
      return this.#unreadable(part, null, outlet)
    }
  }

  #unreadable(line: Uint8Array, error: unknown, outlet: Outlet): void | Promise<void> {
    const refused = refusedIn(line)
    if (refused?.kind === 'response') this.#legacy.answerRefused(refused.id)
    const id = refused?.kind === 'request' ? refused.id : null
    const isSyntax = id === null && isMcplexerError(error, 'WIRE_INVALID_JSON')
    return this.#send(
      isSyntax
        ? unreadableReply(null, RPC.parseError, 'Parse error')
        : unreadableReply(id, RPC.invalidRequest, 'Invalid Request'),
      outlet,
    )
  }

  tooLong(ends: LineEnds): void {
    void this.#home.send(skippedReply(requestIdAtEitherEnd(ends)))
  }

  /** The client has closed the stream of a modern request, which calls it back. */
  abandon(outlet: Outlet): void {
    this.#modern.abandon(outlet)
  }

  /** The JSON source of the tool that a modern request calls, as its client sees it; null when it is not listed. */
  toolSource(request: RequestMessage): Promise<string | null> {
    return this.#modern.toolSource(request)
  }

  /**
   * The client has closed its input: it can answer no question, and its subscriptions end. Resolves when all its other
   * requests have got their replies.
   */
  async finish(): Promise<void> {
    this.#legacy.endQuestions()
    this.#modern.endSubscriptions()
    if (this.#unanswered > 0) await new Promise<void>((resolve) => (this.#onAnswered = resolve))
  }

  /** Open subscriptions are told; then nothing is sent any more. */
  async close(): Promise<void> {
    const closing = Promise.all([this.#legacy.close(), this.#modern.close()])
    this.#isClosed = true
    await closing
  }

  #handle(message: Message, outlet: Outlet): void | Promise<void> {
    if (message.kind === 'request') {
      void this.#serve(message, outlet)
      return this.#legacy.inputRoom() ?? this.#modern.inputRoom()
    }
    if (message.kind === 'notification') return this.#notified(message)
    else if (!this.#legacy.answered(message)) log.debug('a response of the client that nobody waits for')
  }

  async #serve(request: RequestMessage, outlet: Outlet): Promise<void> {
    const hasEnd = request.method !== LISTEN
    if (hasEnd) this.#unanswered++
    try {
      const envelope = readEnvelope(request)
      const reply = await (envelope === null
        ? this.#legacy.serve(request, outlet)
        : this.#modern.serve(request, envelope, outlet))
      if (reply !== null) await this.#send(reply, outlet)
      else outlet.end()
    } catch (error) {
      const isMalformed = isMcplexerError(error, 'WIRE_INVALID_JSON')
      const reply = isMalformed
        ? errorReply(request, RPC.invalidParams, 'Invalid params')
        : failedRequest(request, error)
      await this.#send(reply, outlet)
    }
    if (hasEnd && --this.#unanswered === 0) this.#onAnswered?.()
  }

  #send(line: Uint8Array, outlet: Outlet): void | Promise<void> {
    const sent = this.#isClosed ? undefined : outlet.send(line)
    outlet.end()
    return sent
  }

  #notified(notification: NotificationMessage): void | Promise<void> {
    if (notification.method === 'notifications/cancelled') this.#modern.cancelled(notification)
    return this.#legacy.notified(notification)
  }
}
