import type { Caller, ClientDescription, Question } from '../downstream/caller.ts'
import { Flight } from '../downstream/flight.ts'
import { canBeAsked, type InputRequest } from '../eras/input-required.ts'
import { GatewayError } from '../gateway-error.ts'
import { isObject, members, sourceOf } from '../wire/json-span.ts'
import {
  encodeError,
  type NotificationMessage,
  type RequestMessage,
  type ResponseMessage,
  readMessage,
  textParam,
} from '../wire/message.ts'
import type { Waiting } from '../wire/pending.ts'

/** How long a client may think before the call that waits for it is called back. */
const HELD_MS = 10 * 60_000
const MAX_HELD = 1000
/** Servers ask several things at once, but in a message each. */
const GATHER_MS = 15
type Outcome =
  | { readonly kind: 'reply'; readonly reply: ResponseMessage }
  | { readonly kind: 'questions'; readonly questions: readonly InputRequest[] }

interface OpenQuestion {
  readonly request: RequestMessage
  readonly waiting: Waiting
}

/**
 * A call to a legacy server on behalf of a modern client, which gets the server's questions as replies and comes
 * back with the answers. Between two of its requests the call has no caller.
 */
export class HeldCall implements Caller {
  readonly client: ClientDescription
  readonly logLevel: string | null
  readonly isOneOfMany: boolean
  readonly #flight: Flight
  readonly #questions = new Map<string, OpenQuestion>()
  #caller: Caller | null
  #asked = 0
  #wake: (() => void) | null = null
  #result: Promise<ResponseMessage> | null = null

  /** `onSent`: the server has taken the request. */
  constructor(caller: Caller, onSent?: () => void) {
    this.#flight = new Flight(onSent)
    this.client = caller.client
    this.logLevel = caller.logLevel
    this.isOneOfMany = caller.isOneOfMany
    this.#caller = caller
  }

  get isAway(): boolean {
    return this.#caller === null
  }

  follow(forward: (flight: Flight) => Promise<ResponseMessage>): void {
    this.#result = forward(this.#flight)
    this.#result.catch(() => undefined)
  }

  /** The server's reply, or what it wants to know first. Throws as the call does. */
  async next(): Promise<Outcome> {
    const asked = new Promise<null>((resolve) => {
      this.#wake = () => resolve(null)
      if (this.#questions.size > 0) resolve(null)
    })
    const reply = await Promise.race([this.#result ?? asked, asked])
    if (reply !== null) return { kind: 'reply', reply }
    await Bun.sleep(GATHER_MS)
    this.#caller = null
    return {
      kind: 'questions',
      questions: [...this.#questions].map(([key, { request }]) => inputOf(key, request)),
    }
  }

  /** The client is back; what it has left out is asked again. */
  resume(caller: Caller, responses: ReadonlyMap<string, string>): void {
    this.#caller = caller
    for (const [key, { waiting }] of [...this.#questions]) {
      const source = responses.get(key)
      if (source === undefined) continue
      this.#questions.delete(key)
      waiting.onReply(responseOf(source))
    }
  }

  cancel(notification: NotificationMessage | null): void {
    this.#flight.cancel(notification)
  }

  ask(request: RequestMessage, waiting: Waiting): Question {
    if (!canBeAsked(request.method, this.client.capabilities)) {
      queueMicrotask(() => waiting.onReply(refusal(request)))
      return { sent: undefined, cancel: () => undefined }
    }
    const key = `input-${++this.#asked}`
    this.#questions.set(key, { request, waiting })
    this.#wake?.()
    return { sent: undefined, cancel: () => this.#questions.delete(key) }
  }

  notify(notification: NotificationMessage): void | Promise<void> {
    return this.#caller?.notify(notification)
  }

  room(): void | Promise<void> {
    return this.#caller?.room()
  }

  progress(notification: NotificationMessage): void | Promise<void> {
    return this.#caller?.progress(notification)
  }
}

interface Held {
  readonly call: HeldCall
  /** What the retry has to be for. */
  readonly about: string
  readonly timer: Timer
}

/** The calls that wait for their client, by the `requestState` that it was given: 192 random bits. */
export class HeldCalls {
  readonly #held = new Map<string, Held>()
  readonly #heldMs: number

  constructor(heldMs = HELD_MS) {
    this.#heldMs = heldMs
  }

  /** Gives the state for the client. The oldest is given up when there are too many. */
  hold(call: HeldCall, request: RequestMessage): string {
    const state = crypto.getRandomValues(new Uint8Array(24)).toBase64({ alphabet: 'base64url' })
    const timer = setTimeout(() => this.#abandon(state), this.#heldMs)
    timer.unref()
    this.#held.set(state, { call, about: aboutOf(request), timer })
    const [oldest] = this.#held.keys()
    if (this.#held.size > MAX_HELD && oldest !== undefined) this.#abandon(oldest)
    return state
  }

  /** Works once. Throws CALL_STATE_UNKNOWN for a state that is not ours, used, expired, or for another call. */
  resume(state: string, request: RequestMessage, caller: Caller): HeldCall {
    const held = this.#held.get(state)
    if (held === undefined || held.about !== aboutOf(request)) {
      throw new GatewayError(
        'CALL_STATE_UNKNOWN',
        'the requestState is unknown, was used already, or has expired',
        {
          hint: 'call again without it',
        },
      )
    }
    this.#held.delete(state)
    clearTimeout(held.timer)
    held.call.resume(caller, responsesIn(request))
    return held.call
  }

  close(): void {
    for (const state of [...this.#held.keys()]) this.#abandon(state)
  }

  #abandon(state: string): void {
    const held = this.#held.get(state)
    this.#held.delete(state)
    clearTimeout(held?.timer)
    held?.call.cancel(null)
  }
}

function aboutOf(request: RequestMessage): string {
  const { bytes, method, params } = request
  const given = params.get('arguments')
  const name = textParam(request, 'name') ?? textParam(request, 'uri')
  return JSON.stringify([
    method,
    name,
    given === undefined ? null : canonical(JSON.parse(sourceOf(bytes, given))),
  ])
}

/** Clients may write the same arguments in another order. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical)
  if (typeof value !== 'object' || value === null) return value
  return Object.entries(value)
    .map(([name, member]) => [name, canonical(member)])
    .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1))
}

function responsesIn({ bytes, params }: RequestMessage): ReadonlyMap<string, string> {
  const responses = params.get('inputResponses')
  if (!isObject(bytes, responses)) return new Map()
  return new Map([...members(bytes, responses)].map(([key, span]) => [key, sourceOf(bytes, span)]))
}

function inputOf(key: string, { bytes, method, paramsSpan }: RequestMessage): InputRequest {
  return { key, method, params: paramsSpan === null ? '{}' : sourceOf(bytes, paramsSpan) }
}

function responseOf(resultSource: string): ResponseMessage {
  return response(new TextEncoder().encode(`{"jsonrpc":"2.0","id":0,"result":${resultSource}}`))
}

function refusal(request: RequestMessage): ResponseMessage {
  return response(encodeError(request, { code: -32601, message: 'the client cannot be asked this' }))
}

function response(bytes: Uint8Array): ResponseMessage {
  const message = readMessage(bytes)
  if (message.kind !== 'response') throw new TypeError('not a response')
  return message
}
