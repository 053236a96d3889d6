import { randomText } from '../../base/index.ts'
import type { Caller } from '../downstream/caller.ts'
import { GatewayError } from '../gateway-error.ts'
import { canonicalJson } from '../wire/canonical-json.ts'
import { isObject, members, sourceOf } from '../wire/json-span.ts'
import { type RequestMessage, textParam } from '../wire/message.ts'
import type { HeldCall } from './held-call.ts'

/** How long a client may think before the call that waits for it is called back. */
const HELD_MS = 10 * 60_000
const MAX_HELD = 1000

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
    const state = randomText(24)
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

/** What a retry must have in common with the call that it goes on with. */
function aboutOf(request: RequestMessage): string {
  const { bytes, method, params } = request
  const given = params.get('arguments')
  const name = textParam(request, 'name') ?? textParam(request, 'uri')
  return JSON.stringify([
    method,
    name,
    given === undefined ? null : canonicalJson(JSON.parse(sourceOf(bytes, given))),
  ])
}

function responsesIn({ bytes, params }: RequestMessage): ReadonlyMap<string, string> {
  const responses = params.get('inputResponses')
  if (!isObject(bytes, responses)) return new Map()
  return new Map([...members(bytes, responses)].map(([key, span]) => [key, sourceOf(bytes, span)]))
}
