import { log } from '../../base/index.ts'
import type { Server } from '../../config/index.ts'
import { META } from '../eras/modern.ts'
import { GatewayError } from '../gateway-error.ts'
import type { LeakGuard } from '../guard/leak-guard.ts'
import { type LineEnds, LineWriter, readLines } from '../wire/framing.ts'
import type { Edit } from '../wire/json-edit.ts'
import { idAtEitherEnd } from '../wire/line-ends.ts'
import {
  encodeError,
  encodeResult,
  idKey,
  type Message,
  type NotificationMessage,
  type RequestMessage,
  type ResponseMessage,
} from '../wire/message.ts'
import { PendingRequests, type Waiting } from '../wire/pending.ts'
import { cancellation, relabelCancellation, relabelRequest } from '../wire/relabel.ts'
import { endedError, heldBackError, leakError, timeoutError, tooLargeError } from './call-errors.ts'
import type { Caller, Reachable } from './caller.ts'
import { CallsInFlight } from './calls-in-flight.ts'
import type { Flight } from './flight.ts'
import { Passage } from './passage.ts'
import type { ServerProcess } from './process.ts'
import { nobodyToAsk, Questions } from './questions.ts'

export interface ConnectionEvents {
  /** What belongs to no call in flight. */
  onNotification(notification: NotificationMessage): void | Promise<void>
  /** Who is asked when no call is in flight. */
  home(): Reachable | null
  /** Whether others than one session use the connection. */
  isShared(): boolean
  /** The server is gone; `reason` is for a person. Called once, also after `stop`. */
  onEnded(reason: string): void
}

export interface Forwarding {
  readonly edits: readonly Edit[]
  readonly flight: Flight
  readonly caller: Caller
}

/** How long a slow reader may hold up those who share the server with him, for each message. */
const SHARED_WAIT_MS = 50
/** Between the end of a process and the end of its output. */
const LAST_WORDS_MS = 200
const STOPPED = 'it was stopped'

/** One MCP connection to one server. It relays messages and reads as little of them as it can. */
export class Connection {
  readonly server: Server
  readonly #process: ServerProcess
  readonly #passage: Passage
  readonly #events: ConnectionEvents
  readonly #writer: LineWriter
  readonly #pending = new PendingRequests()
  readonly #questions: Questions
  readonly #calls = new CallsInFlight()
  readonly #ended = Promise.withResolvers<void>()
  #endReason: string | null = null
  /** Replies may be on their way to those who asked, which takes them to the end of the turn. */
  #hasReplied = false

  constructor(server: Server, process: ServerProcess, guard: LeakGuard, events: ConnectionEvents) {
    this.server = server
    this.#process = process
    this.#passage = new Passage(server, guard)
    this.#events = events
    this.#writer = new LineWriter(process.stdin, () => this.#lost('it no longer reads'))
    this.#questions = new Questions(
      (line) => this.#writer.write(line),
      (line) => this.#passage.foreignIn(line),
    )
    void this.#read()
  }

  get callsInFlight(): number {
    return this.#calls.size
  }

  /** Grows with every call; two equal readings with none in flight mean that the server was idle between. */
  get callsForwarded(): number {
    return this.#calls.begun
  }

  /** Why there is no connection any more, or null while there is one. */
  get endReason(): string | null {
    return this.#endReason
  }

  /** Resolves when there is no connection any more. */
  get ended(): Promise<void> {
    return this.#ended.promise
  }

  /** Resolves when no call is in flight any more, or the server is gone. */
  whenQuiet(): Promise<void> {
    return this.#endReason === null ? this.#calls.whenQuiet() : Promise.resolve()
  }

  /**
   * A request of our own; `params` is JSON source. Throws SERVER_ENDED when the server goes away first, and
   * CALL_LEAKS_VALUE as `forward`.
   */
  request(method: string, params: string): Promise<ResponseMessage> {
    return new Promise((resolve, reject) => {
      this.open(method, params, {
        onReply: resolve,
        onLost: (reason) => reject(reason ?? endedError(this.server, this.#endReason)),
      })
    })
  }

  /** As `request`, with everything that comes for it; gives what withdraws it again. */
  open(method: string, params: string, waiting: Waiting): () => void {
    if (this.#endReason !== null) {
      waiting.onLost()
      return () => undefined
    }
    const id = this.#pending.open(waiting)
    const head = `{"jsonrpc":"2.0","id":${id},"method":${JSON.stringify(method)},"params":`
    const line = new TextEncoder().encode(`${head}${params}}`)
    const foreign = this.#passage.foreignIn(line)
    if (foreign === null) void this.#writer.write(line)
    else this.#pending.lose(String(id), leakError(this.server, foreign))
    return () => {
      this.#pending.forget(id)
      this.notify(cancellation(id, 'no longer wanted'))
    }
  }

  /** What has a value in it that the server does not hold is left out: nobody waits for an answer. */
  notify(line: Uint8Array): void {
    if (this.#passage.foreignIn(line) === null) void this.#writer.write(line)
  }

  /**
   * Sends the client's request on and gives the server's reply, whatever it is. Rejects with SERVER_ENDED,
   * CALL_TIMEOUT or CALL_CANCELLED; with CALL_LEAKS_VALUE when it has a value in it that the server does not hold. A
   * request is sent once, never again.
   */
  forward(request: RequestMessage, { edits, flight, caller }: Forwarding): Promise<ResponseMessage> {
    if (this.#endReason !== null) return Promise.reject(endedError(this.server, this.#endReason))
    const { promise, resolve, reject } = Promise.withResolvers<ResponseMessage>()
    const call = this.#calls.begin(caller, this.server.callTimeoutSec * 1000, () => {
      this.notify(cancellation(id, 'timed out'))
      giveUp(timeoutError(this.server))
    })
    const id = this.#pending.open({
      onReply: (response) => {
        this.#calls.end(call)
        resolve(response)
      },
      onProgress: (notification) => {
        call.timer.restart()
        return this.#hasRoom(caller) ? caller.progress(notification) : undefined
      },
      onLost: (reason) => giveUp(reason ?? endedError(this.server, this.#endReason)),
    })
    const giveUp = (error: Error): void => {
      this.#pending.forget(id)
      this.#calls.end(call)
      reject(error)
    }
    const line = relabelRequest(request, id, edits)
    const foreign = this.#passage.foreignIn(line)
    if (foreign !== null) {
      giveUp(leakError(this.server, foreign))
      return promise
    }
    flight.whenCancelled((notification) => {
      this.notify(
        notification === null ? cancellation(id, 'the client has gone') : relabelCancellation(notification, id),
      )
      giveUp(new GatewayError('CALL_CANCELLED', 'the client cancelled the call'))
    })
    const written = this.#writer.write(line)
    if (written === undefined) flight.sent()
    else void written.then(() => flight.sent())
    return promise
  }

  async stop(): Promise<void> {
    await this.#process.stop()
    this.#end(STOPPED)
  }

  /** At once: what the server says from now on reaches nobody, though it may take a moment to end. */
  cutOff(): void {
    this.#end(STOPPED)
  }

  async #read(): Promise<void> {
    const { stdout, ended } = this.#process
    // a child of the server may hold its output open for ever; what is on its way gets a moment
    void ended.then((reason) => Bun.sleep(LAST_WORDS_MS).then(() => this.#lost(reason)))
    try {
      await readLines(
        stdout,
        (line) => this.#passage.each(line, (part) => this.#receive(part)),
        (ends) => this.#tooLong(ends),
      )
    } catch {
      log.debug(`reading from ${this.server.id} failed`)
    }
    this.#lost(await Promise.race([ended, Bun.sleep(LAST_WORDS_MS).then(() => 'it closed its output')]))
  }

  #lost(reason: string): void {
    this.#end(reason)
    void this.#process.stop()
  }

  #end(reason: string): void {
    if (this.#endReason !== null) return
    this.#endReason = reason
    this.#pending.loseAll()
    this.#calls.wake()
    this.#questions.cancelAll()
    this.#events.onEnded(reason)
    this.#ended.resolve()
  }

  #receive(line: Uint8Array): void | Promise<void> {
    if (this.#endReason !== null) return
    const message = this.#passage.fromServer(line, (held) => this.#holdBack(held))
    if (message === null) return
    return this.#capped(this.#dispatch(message))
  }

  #dispatch(message: Message): void | Promise<void> {
    if (message.kind !== 'response') return this.#hasReplied ? this.#behindReply(message) : this.#pass(message)
    this.#hasReplied = true
    const room = this.#calls.newest?.caller.room()
    if (!this.#pending.settle(message)) log.debug(`${this.server.id}: a response that nobody waits for`)
    return room
  }

  /** It must not overtake what was said before. */
  async #behindReply(message: RequestMessage | NotificationMessage): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve))
    this.#hasReplied = false
    await this.#pass(message)
  }

  #pass(message: RequestMessage | NotificationMessage): void | Promise<void> {
    return message.kind === 'request' ? this.#answer(message) : this.#notified(message)
  }

  /** It has a value in a place where nothing can stand instead. */
  #holdBack(message: Message): void {
    if (message.kind === 'response')
      this.#pending.lose(idKey(message.bytes, message.id), heldBackError(this.server))
    if (message.kind === 'request')
      void this.#writer.write(encodeError(message, { code: -32600, message: 'it has the value of a secret' }))
  }

  /** Whoever reads slowly slows his own server down, but one that others use too only a little. */
  #capped(room: void | Promise<void>): void | Promise<void> {
    if (room === undefined || !this.#events.isShared()) return room
    return Promise.race([room, Bun.sleep(SHARED_WAIT_MS)])
  }

  /** News for somebody who does not read is lost to him when others would have to wait for it. */
  #hasRoom(listener: Reachable): boolean {
    return !this.#events.isShared() || listener.room() === undefined
  }

  #tooLong(ends: LineEnds): void {
    log.warn(`${this.server.id}: a message over 64 MiB was skipped`)
    this.#pending.lose(idAtEitherEnd(ends), tooLargeError(this.server))
  }

  #notified(notification: NotificationMessage): void | Promise<void> {
    if (notification.method === 'notifications/progress') return this.#pending.progress(notification)
    if (notification.method === 'notifications/cancelled') return this.#questions.withdraw(notification)
    const subscription = notification.meta.get(META.subscriptionId)
    if (subscription !== undefined)
      return this.#pending.event(idKey(notification.bytes, subscription), notification)
    if (notification.method !== 'notifications/message' || this.#calls.size === 0)
      return this.#events.onNotification(notification)
    const caller = this.#calls.likely(this.#events.isShared())?.caller
    return caller !== undefined && this.#hasRoom(caller) ? caller.notify(notification) : undefined
  }

  #answer(request: RequestMessage): void | Promise<void> {
    if (request.method === 'ping') return this.#writer.write(encodeResult(request, '{}'))
    const call = this.#calls.likely(this.#events.isShared())
    const asked = this.#calls.size === 0 ? this.#events.home() : (call?.caller ?? null)
    if (asked === null) return this.#writer.write(nobodyToAsk(request))
    return this.#questions.pass(request, asked, call?.timer ?? null)
  }
}
