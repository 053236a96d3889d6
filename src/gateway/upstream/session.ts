import { isMcplexerError, log } from '../../base/index.ts'
import type { StoredReplies } from '../catalog/store.ts'
import type { ClientDescription, ClientPeer, Question } from '../downstream/client-peer.ts'
import { Flight } from '../downstream/flight.ts'
import { LEGACY_METHODS } from '../eras/legacy.ts'
import {
  encodeMessage,
  encodeResult,
  idKey,
  type Message,
  type NotificationMessage,
  type RequestMessage,
  readMessage,
  splitBatch,
} from '../wire/message.ts'
import { PendingRequests, type Waiting } from '../wire/pending.ts'
import { relabelCancellation, relabelRequest } from '../wire/relabel.ts'
import { describeClient, initializeResult } from './initialize.ts'
import { errorReply, failedRequest, RPC, unreadableReply } from './rpc-error.ts'

/** How long after `initialize` a client that asks for nothing lets us load the rest. */
const QUIET_START_MS = 100

/** The tools behind one session. */
export interface ToolService {
  list(): Promise<Uint8Array>
  /** Null when the call was cancelled. */
  call(request: RequestMessage, flight: Flight): Promise<Uint8Array | null>
  /** To every server of this session. */
  broadcast(line: Uint8Array): void
  close(): Promise<void>
}

export interface SessionDeps {
  send(line: Uint8Array): void | Promise<void>
  /** What the last run stored for this configuration and such a client, read without loading anything. */
  stored(client: ClientDescription): StoredReplies | null
  /** Loads what is needed to start servers; `shown` is the list of tools that the client has already. */
  openTools(peer: ClientPeer, shown: Uint8Array | null): Promise<ToolService>
}

/** One client app on one connection: who it is, what it has asked and what it is asked. MCP up to 2025-11-25. */
export class ClientSession implements ClientPeer {
  readonly #deps: SessionDeps
  readonly #flights = new Map<string, Flight>()
  readonly #questions = new PendingRequests()
  #client: ClientDescription | null = null
  #stored: StoredReplies | null = null
  #tools: Promise<ToolService> | null = null
  #isClosed = false

  constructor(deps: SessionDeps) {
    this.#deps = deps
  }

  get revision(): string {
    return this.#client?.revision ?? ''
  }

  get capabilities(): string {
    return this.#client?.capabilities ?? '{}'
  }

  get clientInfo(): string {
    return this.#client?.clientInfo ?? '{}'
  }

  /** One line from the client. Never throws; what cannot be read is answered as JSON-RPC asks. */
  receive(line: Uint8Array): void | Promise<void> {
    try {
      const batch = splitBatch(line)
      if (batch === null) return this.#handle(readMessage(line))
      for (const part of batch) void this.#handle(readMessage(part))
    } catch (error) {
      const isSyntax = isMcplexerError(error, 'WIRE_INVALID_JSON')
      return this.#send(
        isSyntax
          ? unreadableReply(RPC.parseError, 'Parse error')
          : unreadableReply(RPC.invalidRequest, 'Invalid Request'),
      )
    }
  }

  tooLong(): void {
    void this.#send(unreadableReply(RPC.invalidRequest, 'mcplexer: a message over 64 MiB was not read'))
  }

  ask(request: RequestMessage, waiting: Waiting): Question {
    const id = this.#questions.open(waiting)
    const sent = this.#send(relabelRequest(request, id))
    return {
      sent,
      cancel: (notification) => {
        this.#questions.forget(id)
        void this.#send(notification === null ? serverEnded(id) : relabelCancellation(notification, id))
      },
    }
  }

  notify(line: Uint8Array): void | Promise<void> {
    return this.#send(line)
  }

  /** The client is gone: nothing is sent any more. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#questions.loseAll()
    const tools = await this.#tools?.catch(() => null)
    await tools?.close()
  }

  #send(line: Uint8Array): void | Promise<void> {
    if (!this.#isClosed) return this.#deps.send(line)
  }

  #handle(message: Message): void | Promise<void> {
    if (message.kind === 'request') void this.#serve(message)
    else if (message.kind === 'notification') return this.#notified(message)
    else if (!this.#questions.settle(message)) log.debug('a response of the client that nobody waits for')
  }

  async #serve(request: RequestMessage): Promise<void> {
    const key = idKey(request.bytes, request.id)
    if (this.#flights.has(key)) {
      return this.#send(errorReply(request, RPC.invalidRequest, 'a request with this id is still in flight'))
    }
    const flight = new Flight()
    this.#flights.set(key, flight)
    const reply = await this.#reply(request, flight).catch((error) => failedRequest(request, error))
    this.#flights.delete(key)
    if (reply !== null && !flight.isCancelled) void this.#send(reply)
  }

  async #reply(request: RequestMessage, flight: Flight): Promise<Uint8Array | null> {
    if (request.method === 'ping') return encodeResult(request, '{}')
    if (request.method === 'initialize') return this.#initialize(request)
    if (this.#client === null) return beforeInitialize(request)
    if (request.method === 'tools/list') return encodeResult(request, await this.#list())
    if (request.method === 'tools/call') return (await this.#openTools()).call(request, flight)
    return errorReply(request, RPC.methodNotFound, 'Method not found')
  }

  #initialize(request: RequestMessage): Uint8Array {
    if (this.#client !== null)
      return errorReply(request, RPC.invalidRequest, 'this session is initialized already')
    this.#client = describeClient(request)
    this.#stored = this.#deps.stored(this.#client)
    setTimeout(() => this.#warmUp(), QUIET_START_MS).unref()
    return encodeResult(request, initializeResult(this.#client, this.#stored?.instructions ?? ''))
  }

  async #list(): Promise<Uint8Array> {
    if (this.#tools !== null || this.#stored === null) return (await this.#openTools()).list()
    setTimeout(() => this.#warmUp())
    return this.#stored.tools
  }

  #warmUp(): void {
    this.#openTools().catch((error) =>
      log.error(isMcplexerError(error) ? error.message : 'the gateway did not start'),
    )
  }

  #openTools(): Promise<ToolService> {
    if (this.#tools !== null) return this.#tools
    const opening = this.#deps.openTools(this, this.#stored?.tools ?? null)
    this.#tools = opening
    opening.catch(() => {
      this.#tools = null
    })
    return opening
  }

  #notified(notification: NotificationMessage): void | Promise<void> {
    switch (notification.method) {
      case 'notifications/cancelled':
        return this.#cancel(notification)
      case 'notifications/progress':
        return this.#questions.progress(notification)
      case 'notifications/roots/list_changed':
        void this.#tools?.then((tools) => tools.broadcast(notification.bytes)).catch(() => undefined)
    }
  }

  #cancel(notification: NotificationMessage): void {
    const requestId = notification.params.get('requestId')
    if (requestId !== undefined) this.#flights.get(idKey(notification.bytes, requestId))?.cancel(notification)
  }
}

/** Newer clients send `server/discover` first and fall back on any error; some wait for ever without one. */
function beforeInitialize(request: RequestMessage): Uint8Array {
  return LEGACY_METHODS.has(request.method)
    ? errorReply(request, RPC.invalidRequest, 'the session must begin with initialize')
    : errorReply(request, RPC.methodNotFound, 'Method not found')
}

function serverEnded(id: number): Uint8Array {
  return encodeMessage({
    method: 'notifications/cancelled',
    params: { requestId: id, reason: 'the server has ended' },
  })
}
