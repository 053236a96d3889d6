import { kindOfMethod, LIST_KINDS, type ListKind } from '../catalog/kinds.ts'
import type { Caller, Question } from '../downstream/caller.ts'
import type { Flight } from '../downstream/flight.ts'
import { LEGACY_METHODS } from '../eras/legacy.ts'
import { isAtLeast, isLogLevel } from '../eras/levels.ts'
import { META } from '../eras/modern.ts'
import { GatewayError } from '../gateway-error.ts'
import { errorReply, failedRequest, methodNotFound, notThere } from '../rpc-error.ts'
import type { ViewHome } from '../view/client-view.ts'
import { topicKey } from '../view/topic.ts'
import type { News } from '../view/watches.ts'
import { removals, splice } from '../wire/json-edit.ts'
import {
  encodeMessage,
  encodeResult,
  isGiven,
  type NotificationMessage,
  type RequestMessage,
  type ResponseMessage,
  textParam,
} from '../wire/message.ts'
import type { Waiting } from '../wire/pending.ts'
import { restoreId, restoreToken } from '../wire/relabel.ts'
import { RPC } from '../wire/rpc-codes.ts'
import { ClientQuestions } from './client-questions.ts'
import { Flights } from './flights.ts'
import { describeClient, initializeResult } from './initialize.ts'
import { Latest } from './latest.ts'
import type { Outlet } from './outlet.ts'
import { Service, type ServiceDeps } from './service.ts'

/** Without `logging/setLevel` the servers decide; a modern one has to be told something. */
const DEFAULT_LEVEL = 'info'

/** One client of MCP up to 2025-11-25: a session that begins with `initialize`. */
export class LegacyDesk implements ViewHome {
  readonly #deps: ServiceDeps
  readonly #home: Outlet
  readonly #news: Latest
  readonly #flights = new Flights()
  readonly #questions = new ClientQuestions()
  #service: Service | null = null
  /** Null: the client has not said what it wants. */
  #logLevel: string | null = null

  constructor(deps: ServiceDeps, home: Outlet) {
    this.#deps = deps
    this.#home = home
    this.#news = new Latest(home)
  }

  /** The reply, or null when there is none. */
  async serve(request: RequestMessage, outlet: Outlet): Promise<Uint8Array | null> {
    const flight = this.#flights.begin(request)
    if (flight === null)
      return errorReply(request, RPC.invalidRequest, 'a request with this id is still in flight')
    const reply = await this.#reply(request, flight, outlet).catch((error) => failedRequest(request, error))
    this.#flights.end(request)
    return flight.isCancelled ? null : reply
  }

  /** A promise while the servers read too slowly for what this client asks. */
  inputRoom(): void | Promise<void> {
    return this.#flights.room()
  }

  room(): void | Promise<void> {
    return this.#home.room()
  }

  notified(notification: NotificationMessage): void | Promise<void> {
    switch (notification.method) {
      case 'notifications/initialized':
        return
      case 'notifications/cancelled':
        return this.#flights.cancel(notification)
      case 'notifications/progress':
        return this.#questions.progress(notification)
      default:
        this.#service?.withView((view) => view.links.broadcast(notification.bytes))
    }
  }

  /** The client can answer nothing more: who asks it is told so. */
  endQuestions(): void {
    this.#questions.end()
  }

  /** False when nobody has asked. */
  answered(response: ResponseMessage): boolean {
    return this.#questions.answered(response)
  }

  /** A line of the client that would have been the answer to the question with this id. */
  answerRefused(id: string): void {
    const reason = new GatewayError('WIRE_INVALID_MESSAGE', 'the answer of the client cannot be read')
    this.#questions.refused(id, reason)
  }

  ask(request: RequestMessage, waiting: Waiting): Question {
    return this.#questions.ask(request, waiting, this.#home)
  }

  notify(notification: NotificationMessage): void | Promise<void> {
    return this.#tell(notification, this.#home)
  }

  listChanged(kinds: readonly ListKind[]): void {
    const methods = new Set(kinds.map((kind) => LIST_KINDS[kind].changed))
    for (const method of methods) this.#news.send(method, encodeMessage({ method }))
  }

  told({ topic, notification, edits }: News): void {
    const { bytes, meta, paramsSpan } = notification
    const isTagged = paramsSpan !== null && meta.has(META.subscriptionId)
    const untagged = isTagged ? removals(bytes, paramsSpan, new Set(['_meta'])) : []
    this.#news.send(topicKey(topic), splice(bytes, [...edits, ...untagged]))
  }

  async close(): Promise<void> {
    // its own servers end with it, but those that others use do not
    this.#flights.cancelAll()
    this.#questions.loseAll()
    await this.#service?.close()
  }

  async #reply(request: RequestMessage, flight: Flight, outlet: Outlet): Promise<Uint8Array | null> {
    if (request.method === 'ping') return encodeResult(request, '{}')
    if (request.method === 'initialize') return this.#initialize(request)
    const service = this.#service
    if (service === null) return beforeInitialize(request)
    const kind = kindOfMethod(request.method)
    if (kind !== null) return this.#list(request, kind, service)
    if (request.method === 'tasks/list') return encodeResult(request, await (await service.view()).tasks())
    if (request.method === 'logging/setLevel') return this.#setLevel(request, service)
    if (request.method === 'resources/subscribe') return this.#subscribe(request, service)
    if (request.method === 'resources/unsubscribe') return this.#unsubscribe(request, service)
    return (await service.view()).call(request, this.#callerOf(request, outlet, service, flight), flight)
  }

  #initialize(request: RequestMessage): Uint8Array {
    if (this.#service !== null)
      return errorReply(request, RPC.invalidRequest, 'this session is initialized already')
    this.#service = new Service(describeClient(request), this.#deps, this)
    return encodeResult(request, initializeResult(this.#service.client, this.#service.opening()))
  }

  async #list(request: RequestMessage, kind: ListKind, service: Service): Promise<Uint8Array> {
    if (isGiven(request, 'cursor')) return errorReply(request, RPC.invalidParams, 'Invalid cursor')
    return encodeResult(request, await service.list(kind))
  }

  #setLevel(request: RequestMessage, service: Service): Uint8Array {
    const level = textParam(request, 'level')
    if (!isLogLevel(level)) return errorReply(request, RPC.invalidParams, 'Invalid log level')
    this.#logLevel = level
    service.withView((view) => view.links.setLogLevel(level))
    return encodeResult(request, '{}')
  }

  async #subscribe(request: RequestMessage, service: Service): Promise<Uint8Array> {
    const reply = await (await service.view()).watch('resource', request, this)
    if (reply === 'unknown') return notThere(request, 'legacy')
    return reply === null ? encodeResult(request, '{}') : restoreId(reply, request)
  }

  async #unsubscribe(request: RequestMessage, service: Service): Promise<Uint8Array> {
    const uri = textParam(request, 'uri')
    if (uri !== null) (await service.view()).unwatch({ kind: 'resource', name: uri }, this)
    return encodeResult(request, '{}')
  }

  /** A server is never told to say less than another wants: what is too much for this client ends here. */
  #tell(notification: NotificationMessage, outlet: Outlet): void | Promise<void> {
    const isUnwanted =
      notification.method === 'notifications/message' &&
      this.#logLevel !== null &&
      !isAtLeast(textParam(notification, 'level'), this.#logLevel)
    return isUnwanted ? undefined : outlet.send(notification.bytes)
  }

  #callerOf(request: RequestMessage, outlet: Outlet, { client }: Service, flight: Flight): Caller {
    return {
      client,
      logLevel: this.#logLevel ?? DEFAULT_LEVEL,
      isOneOfMany: false,
      isAway: false,
      room: () => outlet.room(),
      ask: (question, waiting) => this.#questions.ask(question, waiting, outlet),
      notify: (notification) => this.#tell(notification, outlet),
      progress: (notification) => {
        const line = restoreToken(notification, request)
        return line === null ? undefined : (flight.isAnswered ? this.#home : outlet).send(line)
      },
    }
  }
}

function beforeInitialize(request: RequestMessage): Uint8Array {
  return LEGACY_METHODS.has(request.method)
    ? errorReply(request, RPC.invalidRequest, 'the session must begin with initialize')
    : methodNotFound(request)
}
