import { log } from '../../base/index.ts'
import type { Server } from '../../config/index.ts'
import { GatewayError } from '../gateway-error.ts'
import { LineWriter, readLines } from '../wire/framing.ts'
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
import { PendingRequests } from '../wire/pending.ts'
import { relabelCancellation, relabelRequest, restoreId, restoreToken } from '../wire/relabel.ts'
import { CallTimer } from './call-timer.ts'
import type { ClientPeer, Question } from './client-peer.ts'
import type { Flight } from './flight.ts'
import type { ServerProcess } from './process.ts'

export interface ConnectionEvents {
  onToolsChanged(): void
  /** The server is gone; `reason` is for a person. Called once, also after `stop`. */
  onEnded(reason: string): void
}

export interface Forwarding {
  readonly edits: readonly Edit[]
  readonly flight: Flight
}

const MAX_QUESTIONS = 64
/** Between the end of a process and the end of its output. */
const LAST_WORDS_MS = 200

/** One MCP connection to one server, for one client session. It relays messages and reads as little of them as it can. */
export class Connection {
  readonly server: Server
  readonly #process: ServerProcess
  readonly #peer: ClientPeer
  readonly #events: ConnectionEvents
  readonly #writer: LineWriter
  readonly #pending = new PendingRequests()
  readonly #questions = new Map<string, Question>()
  readonly #timers = new Set<CallTimer>()
  #endReason: string | null = null
  #junkLines = 0
  #callsForwarded = 0
  #onQuiet: (() => void) | null = null

  constructor(server: Server, process: ServerProcess, peer: ClientPeer, events: ConnectionEvents) {
    this.server = server
    this.#process = process
    this.#peer = peer
    this.#events = events
    this.#writer = new LineWriter(process.stdin, () => this.#lost('it no longer reads'))
    void this.#read()
  }

  get callsInFlight(): number {
    return this.#timers.size
  }

  /** Grows with every call; two equal readings with none in flight mean that the server was idle between. */
  get callsForwarded(): number {
    return this.#callsForwarded
  }

  /** Resolves when no call is in flight any more, or the server is gone. */
  whenQuiet(): Promise<void> {
    if (this.#timers.size === 0 || this.#endReason !== null) return Promise.resolve()
    return new Promise((resolve) => {
      this.#onQuiet = resolve
    })
  }

  /** Why there is no connection any more, or null while there is one. */
  get endReason(): string | null {
    return this.#endReason
  }

  /** A request of our own. Throws SERVER_ENDED when the server goes away first. */
  request(method: string, params: object): Promise<ResponseMessage> {
    return new Promise((resolve, reject) => {
      const onLost = () => reject(this.#endedError())
      if (this.#endReason !== null) return onLost()
      const id = this.#pending.open({ onReply: resolve, onLost })
      void this.#writer.write(encodeMessage({ id, method, params }))
    })
  }

  notify(line: Uint8Array): void {
    void this.#writer.write(line)
  }

  /**
   * Sends the client's request on and gives the server's reply, whatever it is. Rejects with SERVER_ENDED,
   * CALL_TIMEOUT or CALL_CANCELLED. A request is sent once, never again.
   */
  forward(request: RequestMessage, { edits, flight }: Forwarding): Promise<ResponseMessage> {
    if (this.#endReason !== null) return Promise.reject(this.#endedError())
    const { promise, resolve, reject } = Promise.withResolvers<ResponseMessage>()
    const timer = new CallTimer(this.server.callTimeoutSec * 1000, () => {
      this.notify(cancelled(id, 'timed out'))
      giveUp(timeoutError(this.server))
    })
    const id = this.#pending.open({
      onReply: (response) => {
        this.#landed(timer)
        resolve(response)
      },
      onProgress: (notification) => {
        if (this.#questions.size === 0) timer.start()
        const line = restoreToken(notification, request)
        return line === null ? undefined : this.#peer.notify(line)
      },
      onLost: (reason) => giveUp(reason ?? this.#endedError()),
    })
    const giveUp = (error: Error): void => {
      this.#pending.forget(id)
      this.#landed(timer)
      reject(error)
    }
    flight.whenCancelled((notification) => {
      this.notify(relabelCancellation(notification, id))
      giveUp(new GatewayError('CALL_CANCELLED', 'the client cancelled the call'))
    })
    this.#timers.add(timer)
    this.#callsForwarded++
    void this.#writer.write(relabelRequest(request, id, edits))
    return promise
  }

  async stop(): Promise<void> {
    await this.#process.stop()
    this.#end(`it was stopped`)
  }

  #landed(timer: CallTimer): void {
    timer.stop()
    this.#timers.delete(timer)
    if (this.#timers.size === 0) this.#onQuiet?.()
  }

  async #read(): Promise<void> {
    const { stdout, ended } = this.#process
    // a child of the server may hold its output open for ever; what is on its way gets a moment
    void ended.then((reason) => Bun.sleep(LAST_WORDS_MS).then(() => this.#lost(reason)))
    try {
      await readLines(
        stdout,
        (line) => this.#receive(line),
        () => this.#tooLong(),
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
    this.#onQuiet?.()
    for (const question of this.#questions.values()) question.cancel(null)
    this.#questions.clear()
    this.#events.onEnded(reason)
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
    if (!this.#pending.settle(message)) log.debug(`${this.server.id}: a response that nobody waits for`)
  }

  /** Its id was skipped with it; with one call in flight it can only be the reply to that. */
  #tooLong(): void {
    log.warn(`${this.server.id}: a message over 64 MiB was skipped`)
    if (this.#pending.size !== 1) return
    this.#pending.loseAll(
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
    switch (notification.method) {
      case 'notifications/progress':
        return this.#pending.progress(notification)
      case 'notifications/tools/list_changed':
        return this.#events.onToolsChanged()
      case 'notifications/cancelled':
        return this.#withdraw(notification)
      default:
        return this.#peer.notify(notification.bytes)
    }
  }

  #answer(request: RequestMessage): void | Promise<void> {
    if (request.method === 'ping') return this.#writer.write(encodeResult(request, '{}'))
    if (this.#questions.size >= MAX_QUESTIONS) return this.#writer.write(tooManyQuestions(request))
    const key = idKey(request.bytes, request.id)
    for (const timer of this.#timers) timer.stop()
    const question = this.#peer.ask(request, {
      onReply: (response) => {
        this.#answered(key)
        void this.#writer.write(restoreId(response, request))
      },
      onProgress: (notification) => {
        const line = restoreToken(notification, request)
        return line === null ? undefined : this.#writer.write(line)
      },
      onLost: () => this.#answered(key),
    })
    this.#questions.set(key, question)
    return question.sent
  }

  #answered(key: string): void {
    this.#questions.delete(key)
    if (this.#questions.size > 0) return
    for (const timer of this.#timers) timer.start()
  }

  #withdraw(notification: NotificationMessage): void {
    const requestId = notification.params.get('requestId')
    if (requestId === undefined) return
    const key = idKey(notification.bytes, requestId)
    this.#questions.get(key)?.cancel(notification)
    this.#answered(key)
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

/** -32000: JSON-RPC leaves it to implementations. A server that floods must not fill memory, here or at the client. */
function tooManyQuestions(request: RequestMessage): Uint8Array {
  const message = `mcplexer: ${MAX_QUESTIONS} requests of this server wait for the client already`
  return encodeError(request, { code: -32000, message })
}

function timeoutError(server: Server): GatewayError {
  const message = `server ${server.id} did not answer within ${server.callTimeoutSec} s`
  return new GatewayError('CALL_TIMEOUT', message, { hint: `raise \`call_timeout_sec\` of ${server.id}` })
}
