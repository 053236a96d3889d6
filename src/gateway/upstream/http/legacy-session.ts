import type { Outlet } from '../outlet.ts'
import type { ClientSession } from '../session.ts'
import { EventLog } from './event-log.ts'
import { problem } from './guard.ts'
import { jsonResponse, ReplyOutlet, type Stream } from './reply-outlet.ts'
import { SseResponse } from './sse.ts'

const HOME = 0
const RETRY_MS = 1000
const NOTHING = new Uint8Array(0)

/** A stream of events that outlives the connections it goes over. */
interface Channel {
  readonly number: number
  connection: SseResponse | null
  isEnded: boolean
}

/**
 * One session of MCP 2025-03-26 to 2025-11-25 over HTTP: a stream for each request that needs one, one for what
 * belongs to no request, and a log for a client that was cut off. MCP 2025-11-25, "Transports: Streamable HTTP".
 */
export class LegacyHttpSession {
  readonly id = crypto.getRandomValues(new Uint8Array(16)).toHex()
  readonly session: ClientSession
  lastUsedMs = performance.now()
  readonly #log = new EventLog()
  readonly #channels = new Map<number, Channel>()
  readonly #home: Channel = { number: HOME, connection: null, isEnded: false }
  #lastChannel = HOME
  #deliveredHome = 0

  constructor(openSession: (home: Outlet) => ClientSession) {
    this.#channels.set(HOME, this.#home)
    this.session = openSession({
      send: (line) => this.#send(this.#home, line),
      room: () => this.#home.connection?.room(),
      end: () => undefined,
    })
  }

  get isIdle(): boolean {
    return [...this.#channels.values()].every(({ connection }) => connection === null)
  }

  /** A message of the client. Only requests are answered with more than 202. */
  async post(body: Uint8Array, hasRequest: boolean): Promise<Response> {
    this.lastUsedMs = performance.now()
    if (!hasRequest) {
      await this.session.receive(body)
      return new Response(null, { status: 202, headers: this.#headers() })
    }
    const outlet = new ReplyOutlet(
      () => this.#openChannel(),
      (line) => jsonResponse(line, this.#headers()),
    )
    void this.session.receive(body, outlet)
    return outlet.response
  }

  /** The stream for what belongs to no request, or the rest of one that was cut off. */
  get(lastEventId: string | null): Response {
    this.lastUsedMs = performance.now()
    const from = lastEventId === null ? null : EventLog.parse(lastEventId)
    if (lastEventId !== null && from === null) return problem(400, 'Last-Event-ID is none of ours')
    const channel = this.#channels.get(from?.stream ?? HOME)
    const missed = this.#log.after(from?.stream ?? HOME, from?.sequence ?? this.#deliveredHome)
    if (channel === undefined && missed.length === 0)
      return problem(404, 'there is nothing after Last-Event-ID')
    if (channel?.connection != null && from === null) return problem(409, 'there is such a stream already')
    const connection = this.#connect(channel ?? null)
    for (const { id, data } of missed) void connection.event(data, id)
    if (channel === undefined || channel.isEnded) connection.close()
    return connection.response
  }

  async close(): Promise<void> {
    for (const { connection } of this.#channels.values()) connection?.close()
    await this.session.close()
  }

  #openChannel(): Stream {
    const channel: Channel = { number: ++this.#lastChannel, connection: null, isEnded: false }
    this.#channels.set(channel.number, channel)
    const connection = this.#connect(channel)
    // so that a client which is cut off before the first message can come back
    void connection.event(NOTHING, this.#log.add(channel.number, NOTHING), RETRY_MS)
    return {
      response: connection.response,
      send: (line) => this.#send(channel, line),
      room: () => channel.connection?.room(),
      end: () => this.#end(channel),
    }
  }

  #connect(channel: Channel | null): SseResponse {
    const connection = new SseResponse(this.#headers(), () => {
      if (channel?.connection === connection) channel.connection = null
    })
    channel?.connection?.close()
    if (channel !== null) channel.connection = connection
    return connection
  }

  #send(channel: Channel, line: Uint8Array): void | Promise<void> {
    const id = this.#log.add(channel.number, line)
    if (channel.connection === null) return
    if (channel === this.#home) this.#deliveredHome = EventLog.parse(id)?.sequence ?? 0
    return channel.connection.event(line, id)
  }

  #end(channel: Channel): void {
    channel.isEnded = true
    channel.connection?.close()
    if (channel.connection !== null) this.#channels.delete(channel.number)
  }

  #headers(): Record<string, string> {
    return { 'mcp-session-id': this.id }
  }
}
