import { randomText } from '../../../base/index.ts'
import { type Message, type RequestMessage, textParam } from '../../wire/message.ts'
import type { Outlet } from '../outlet.ts'
import { EventStore, parseEventId } from './event-store.ts'
import { Exchange } from './exchange.ts'
import type { HttpSession, OpenSession } from './http-session.ts'
import { JSON_HEADERS, refusal } from './refusal.ts'
import { ResumableStream } from './resumable-stream.ts'

const HOME = 0
/** The first revision that knows events without data. */
const PRIMED_SINCE = '2025-11-25'

/** One session of MCP 2025-03-26 to 2025-11-25 over HTTP: its streams, and the events that may be asked for again. */
export class LegacySession {
  readonly id = randomText(16)
  readonly bearer: string
  readonly #store = new EventStore()
  readonly #streams = new Map<number, ResumableStream>()
  readonly #home: ResumableStream
  readonly #session: HttpSession
  readonly #isPrimed: boolean
  #lastStream = HOME
  #lastUsedMs = performance.now()

  constructor(bearer: string, revision: string | null, openSession: OpenSession) {
    this.bearer = bearer
    this.#isPrimed = (revision ?? '') >= PRIMED_SINCE
    this.#home = this.#openStream(HOME)
    this.#session = openSession(this.#home)
  }

  /** The answer to one request. `headers` go with it. */
  serve(request: RequestMessage, client: AbortSignal, headers = {}): Promise<Response> {
    this.touch()
    const exchange = new Exchange({
      reply: (reply) => new Response(reply, { headers: { ...JSON_HEADERS, ...headers } }),
      stream: () => {
        client.removeEventListener('abort', leave)
        return this.#newStream(headers)
      },
    })
    const leave = (): void => exchange.abandon()
    client.addEventListener('abort', leave)
    void this.#session.receive(request.bytes, exchange)
    return exchange.response
  }

  /** The answer to a batch with requests in it: a stream with all replies, ended by the last. */
  serveBatch(parts: readonly Message[]): Response {
    this.touch()
    const { outlet, response } = this.#newStream({})
    let open = parts.filter(({ kind }) => kind === 'request').length
    for (const { bytes, kind } of parts) {
      if (kind !== 'request') void this.#session.receive(bytes)
      else
        void this.#session.receive(bytes, {
          send: (line) => outlet.send(line),
          room: () => outlet.room(),
          end: () => void (--open === 0 && outlet.end()),
        })
    }
    return response
  }

  /** Notifications and responses: nothing comes back. */
  take(line: Uint8Array): void {
    this.touch()
    void this.#session.receive(line)
  }

  /** GET: what belongs to no request; one at a time, as every message goes out once. */
  listen(): Response {
    this.touch()
    if (this.#home.isConnected) return refusal(409, 'this session has a stream already')
    return this.#home.connect(null)
  }

  /** GET with `Last-Event-ID`: the rest of the stream of that event, and of no other. */
  resume(lastEventId: string): Response {
    this.touch()
    const event = parseEventId(lastEventId)
    if (event === null || event.stream > this.#lastStream) return refusal(400, 'this Last-Event-ID is unknown')
    const live = this.#streams.get(event.stream)
    if (live !== undefined) return live.connect(event.sequence)
    const ended = new ResumableStream(event.stream, this.#store, this.#isPrimed)
    const response = ended.connect(event.sequence)
    ended.end()
    return response
  }

  touch(): void {
    this.#lastUsedMs = performance.now()
  }

  /** Since when it was not used; with an open stream it is in use. */
  get idleMs(): number {
    if ([...this.#streams.values()].some(({ isConnected }) => isConnected)) this.touch()
    return performance.now() - this.#lastUsedMs
  }

  async close(): Promise<void> {
    for (const stream of [...this.#streams.values()]) stream.end()
    this.#store.clear()
    await this.#session.close()
  }

  #newStream(headers: Record<string, string>): { outlet: Outlet; response: Response } {
    const outlet = this.#openStream(++this.#lastStream)
    return { outlet, response: outlet.connect(null, headers) }
  }

  #openStream(number: number): ResumableStream {
    const stream = new ResumableStream(number, this.#store, this.#isPrimed, () => this.#streams.delete(number))
    this.#streams.set(number, stream)
    return stream
  }
}

/** What the client of an `initialize` asks for; what it gets is never newer. */
export function requestedRevision(request: RequestMessage): string | null {
  return textParam(request, 'protocolVersion')
}
