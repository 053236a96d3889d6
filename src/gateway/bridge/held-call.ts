import { type Caller, type Question, refuseToAsk } from '../downstream/caller.ts'
import { Flight } from '../downstream/flight.ts'
import type { ClientDescription } from '../eras/client.ts'
import { canBeAsked, type InputRequest } from '../eras/input-required.ts'
import { sourceOf } from '../wire/json-span.ts'
import {
  type NotificationMessage,
  type RequestMessage,
  type ResponseMessage,
  readMessage,
} from '../wire/message.ts'
import type { Waiting } from '../wire/pending.ts'
import { RPC } from '../wire/rpc-codes.ts'

/** Servers ask several things at once, but in a message each. */
const GATHER_MS = 15

/** Of one step of the call. */
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
    if (!canBeAsked(request.method, this.client.capabilities))
      return refuseToAsk(waiting, RPC.methodNotFound, 'the client cannot be asked this')
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

function inputOf(key: string, { bytes, method, paramsSpan }: RequestMessage): InputRequest {
  return { key, method, params: paramsSpan === null ? '{}' : sourceOf(bytes, paramsSpan) }
}

function responseOf(resultSource: string): ResponseMessage {
  const message = readMessage(new TextEncoder().encode(`{"jsonrpc":"2.0","id":0,"result":${resultSource}}`))
  if (message.kind !== 'response') throw new TypeError('not a response')
  return message
}
