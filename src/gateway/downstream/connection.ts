import { log } from '../../base/index.ts'
import type { Server } from '../../config/index.ts'
import type { LeakGuard } from '../guard/leak-guard.ts'
import { readLines } from '../wire/framing.ts'
import type { Edit } from '../wire/json-edit.ts'
import { LineWriter } from '../wire/line-writer.ts'
import { progressTokenOf, type RequestMessage, type ResponseMessage } from '../wire/message.ts'
import { PendingRequests, type Waiting } from '../wire/pending.ts'
import { cancellation, relabelCancellation, relabelRequest } from '../wire/relabel.ts'
import { cancelledError, endedError, leakError, timeoutError } from './call-errors.ts'
import type { Caller } from './caller.ts'
import { CallsInFlight } from './calls-in-flight.ts'
import type { Flight } from './flight.ts'
import { Incoming, type Listener } from './incoming.ts'
import { Passage } from './passage.ts'
import type { ServerProcess } from './process.ts'
import { Questions } from './questions.ts'

export interface ConnectionEvents extends Listener {
  /** The server is gone; `reason` is for a person. Called once, also after `stop`. */
  onEnded(reason: string): void
}

export interface Forwarding {
  readonly edits: readonly Edit[]
  readonly flight: Flight
  readonly caller: Caller
}

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
  readonly #incoming: Incoming
  readonly #ended = Promise.withResolvers<void>()
  #endReason: string | null = null

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
    this.#incoming = new Incoming({
      server,
      passage: this.#passage,
      writer: this.#writer,
      pending: this.#pending,
      calls: this.#calls,
      questions: this.#questions,
      listener: events,
      hasEnded: () => this.#endReason !== null,
    })
    void this.#read()
  }

  get callsInFlight(): number {
    return this.#calls.size
  }

  /** Whether a task may go on that a call has begun. */
  get hasTasks(): boolean {
    return this.#pending.hasTasks
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
      ...(progressTokenOf(request) !== null && {
        onProgress: (notification) => this.#incoming.progress(call, notification),
      }),
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
      giveUp(cancelledError())
    })
    this.#send(line, flight)
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

  #send(line: Uint8Array, flight: Flight): void {
    const written = this.#writer.write(line)
    if (written === undefined) flight.sent()
    else void written.then(() => flight.sent())
  }

  async #read(): Promise<void> {
    const { stdout, ended } = this.#process
    // a child of the server may hold its output open for ever; what is on its way gets a moment
    void ended.then((reason) => Bun.sleep(LAST_WORDS_MS).then(() => this.#lost(reason)))
    try {
      await readLines(
        stdout,
        (line) => this.#incoming.receive(line),
        (ends) => this.#incoming.tooLong(ends),
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
}
