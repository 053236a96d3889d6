import { log } from '../../base/index.ts'
import type { Server } from '../../config/index.ts'
import { META } from '../eras/modern.ts'
import { GatewayError } from '../gateway-error.ts'
import { type LineEnds, LineWriter, readLines } from '../wire/framing.ts'
import type { Edit } from '../wire/json-span.ts'
import {
  encodeError,
  encodeMessage,
  encodeResult,
  idKey,
  type Message,
  type NotificationMessage,
  type RequestMessage,
  type ResponseMessage,
  readMessage,
} from '../wire/message.ts'
import { PendingRequests, type Waiting } from '../wire/pending.ts'
import { relabelCancellation, relabelRequest } from '../wire/relabel.ts'
import type { Caller, Reachable } from './caller.ts'
import { type Call, CallsInFlight } from './calls-in-flight.ts'
import type { Flight } from './flight.ts'
import type { ServerProcess } from './process.ts'
import { Questions } from './questions.ts'

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

/** One MCP connection to one server. It relays messages and reads as little of them as it can. */
export class Connection {
  readonly server: Server
  readonly #process: ServerProcess
  readonly #events: ConnectionEvents
  readonly #writer: LineWriter
  readonly #pending = new PendingRequests()
  readonly #questions: Questions
  readonly #calls = new CallsInFlight()
  readonly #ended = Promise.withResolvers<void>()
  #endReason: string | null = null
  #junkLines = 0

  constructor(server: Server, process: ServerProcess, events: ConnectionEvents) {
    this.server = server
    this.#process = process
    this.#events = events
    this.#writer = new LineWriter(process.stdin, () => this.#lost('it no longer reads'))
    this.#questions = new Questions((line) => this.#writer.write(line))
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

  /** A request of our own; `params` is JSON source. Throws SERVER_ENDED when the server goes away first. */
  request(method: string, params: string): Promise<ResponseMessage> {
    return new Promise((resolve, reject) => {
      this.open(method, params, { onReply: resolve, onLost: () => reject(this.#endedError()) })
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
    void this.#writer.write(new TextEncoder().encode(`${head}${params}}`))
    return () => {
      this.#pending.forget(id)
      this.notify(cancelled(id, 'no longer wanted'))
    }
  }

  notify(line: Uint8Array): void {
    void this.#writer.write(line)
  }

  /**
   * Sends the client's request on and gives the server's reply, whatever it is. Rejects with SERVER_ENDED,
   * CALL_TIMEOUT or CALL_CANCELLED. A request is sent once, never again.
   */
  forward(request: RequestMessage, { edits, flight, caller }: Forwarding): Promise<ResponseMessage> {
    if (this.#endReason !== null) return Promise.reject(this.#endedError())
    const { promise, resolve, reject } = Promise.withResolvers<ResponseMessage>()
    const call = this.#calls.begin(caller, this.server.callTimeoutSec * 1000, () => {
      this.notify(cancelled(id, 'timed out'))
      giveUp(timeoutError(this.server))
    })
    const id = this.#pending.open({
      onReply: (response) => {
        this.#calls.end(call)
        resolve(response)
      },
      onProgress: (notification) => {
        call.timer.restart()
        return caller.progress(notification)
      },
      onLost: (reason) => giveUp(reason ?? this.#endedError()),
    })
    const giveUp = (error: Error): void => {
      this.#pending.forget(id)
      this.#calls.end(call)
      reject(error)
    }
    flight.whenCancelled((notification) => {
      this.notify(
        notification === null ? cancelled(id, 'the client has gone') : relabelCancellation(notification, id),
      )
      giveUp(new GatewayError('CALL_CANCELLED', 'the client cancelled the call'))
    })
    const written = this.#writer.write(relabelRequest(request, id, edits))
    if (written === undefined) flight.sent()
    else void written.then(() => flight.sent())
    return promise
  }

  async stop(): Promise<void> {
    await this.#process.stop()
    this.#end(`it was stopped`)
  }

  async #read(): Promise<void> {
    const { stdout, ended } = this.#process
    // a child of the server may hold its output open for ever; what is on its way gets a moment
    void ended.then((reason) => Bun.sleep(LAST_WORDS_MS).then(() => this.#lost(reason)))
    try {
      await readLines(
        stdout,
        (line) => this.#receive(line),
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
    let message: Message
    try {
      message = readMessage(line)
    } catch {
      this.#reportJunk()
      return
    }
    if (message.kind === 'request') return this.#answer(message)
    if (message.kind === 'notification') return this.#notified(message)
    const room = this.#roomFor(this.#calls.newest?.caller)
    if (!this.#pending.settle(message)) log.debug(`${this.server.id}: a response that nobody waits for`)
    return room
  }

  /** Whoever reads slowly slows his own server down, but one that others use too only a little. */
  #roomFor(caller: Caller | undefined): void | Promise<void> {
    const room = caller?.room()
    if (room === undefined || !this.#events.isShared()) return room
    return Promise.race([room, Bun.sleep(SHARED_WAIT_MS)])
  }

  #tooLong({ head, tail }: LineEnds): void {
    log.warn(`${this.server.id}: a message over 64 MiB was skipped`)
    this.#pending.lose(
      idAtEitherEnd(head, tail),
      new GatewayError('CALL_REPLY_TOO_LARGE', `server ${this.server.id} answered with more than 64 MiB`, {
        hint: 'ask for less at a time',
      }),
    )
  }

  #reportJunk(): void {
    if (++this.#junkLines === 1)
      log.warn(`${this.server.id} writes lines to stdout that are not JSON-RPC; skipped`)
  }

  #notified(notification: NotificationMessage): void | Promise<void> {
    if (notification.method === 'notifications/progress') return this.#pending.progress(notification)
    if (notification.method === 'notifications/cancelled') return this.#questions.withdraw(notification)
    const subscription = notification.meta.get(META.subscriptionId)
    if (subscription !== undefined)
      return this.#pending.event(idKey(notification.bytes, subscription), notification)
    if (notification.method !== 'notifications/message' || this.#calls.size === 0)
      return this.#events.onNotification(notification)
    return this.#likelyCall()?.caller.notify(notification)
  }

  #answer(request: RequestMessage): void | Promise<void> {
    if (request.method === 'ping') return this.#writer.write(encodeResult(request, '{}'))
    const call = this.#likelyCall()
    const asked = this.#calls.size === 0 ? this.#events.home() : (call?.caller ?? null)
    if (asked === null) return this.#writer.write(nobodyToAsk(request))
    return this.#questions.pass(request, asked, call?.timer ?? null)
  }

  /**
   * On stdio nothing says to which call a server's question or log message belongs: the newest is the best guess, but
   * none at all when the calls are of different clients.
   */
  #likelyCall(): Call | null {
    const { waiting } = this.#calls
    const newest = waiting.at(-1) ?? null
    const isOfMany = newest?.caller.isOneOfMany === true || this.#events.isShared()
    return isOfMany && waiting.length > 1 ? null : newest
  }

  #endedError(): GatewayError {
    return new GatewayError(
      'SERVER_ENDED',
      `server ${this.server.id} ended during the call (${this.#endReason})`,
      {
        hint: 'the call was not repeated, as it may have had effects; the next call starts the server again',
      },
    )
  }
}

function cancelled(id: number, reason: string): Uint8Array {
  return encodeMessage({ method: 'notifications/cancelled', params: { requestId: id, reason } })
}

/** Servers write the id of a reply first or last. */
function idAtEitherEnd(head: Uint8Array, tail: Uint8Array): string | null {
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
  const first = /^\s*\{\s*(?:"jsonrpc"\s*:\s*"2\.0"\s*,\s*)?"id"\s*:\s*(\d+)/.exec(text(head))
  const last = /"id"\s*:\s*(\d+)\s*(?:,\s*"jsonrpc"\s*:\s*"2\.0"\s*)?\}\s*$/.exec(text(tail))
  return first?.[1] ?? last?.[1] ?? null
}

function nobodyToAsk(request: RequestMessage): Uint8Array {
  return encodeError(request, { code: -32000, message: 'mcplexer: there is no client to ask at the moment' })
}

function timeoutError(server: Server): GatewayError {
  const message = `server ${server.id} did not answer within ${server.callTimeoutSec} s`
  return new GatewayError('CALL_TIMEOUT', message, { hint: `raise \`call_timeout_sec\` of ${server.id}` })
}
