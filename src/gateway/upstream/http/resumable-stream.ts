import { onOneLine } from '../../wire/one-line.ts'
import type { Outlet } from '../outlet.ts'
import { type EventStore, encodeEvent, eventId, primingEvent } from './event-store.ts'
import { SseConnection } from './sse-connection.ts'

/** One stream of events of a session up to 2025-11-25. It outlives its connections; a lost one cancels nothing. */
export class ResumableStream implements Outlet {
  readonly #number: number
  readonly #store: EventStore
  readonly #isPrimed: boolean
  readonly #onEnd: () => void
  #connection: SseConnection | null = null
  #sequence = 0
  #sentUpTo = 0
  #isEnded = false

  constructor(number: number, store: EventStore, isPrimed: boolean, onEnd: () => void = () => undefined) {
    this.#number = number
    this.#store = store
    this.#isPrimed = isPrimed
    this.#onEnd = onEnd
  }

  get isConnected(): boolean {
    return this.#connection !== null
  }

  send(line: Uint8Array): void | Promise<void> {
    if (this.#isEnded) return
    const sequence = ++this.#sequence
    const bytes = encodeEvent(eventId(this.#number, sequence), onOneLine(line))
    this.#store.add({ stream: this.#number, sequence, bytes })
    if (this.#connection === null) return
    this.#sentUpTo = sequence
    return this.#connection.write(bytes)
  }

  room(): void | Promise<void> {
    return this.#connection?.room()
  }

  end(): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#connection?.end()
    this.#connection = null
    this.#onEnd()
  }

  /** Goes on after that event, or after what was sent already. A connection that is there yet is given up. */
  connect(after: number | null, headers: Record<string, string> = {}): Response {
    const from = after ?? this.#sentUpTo
    this.#connection?.drop()
    const first = primingEvent(eventId(this.#number, from), this.#isPrimed)
    const connection = new SseConnection(first, () => this.#lost(connection), headers)
    for (const { bytes } of this.#store.after(this.#number, from)) void connection.write(bytes)
    this.#sentUpTo = this.#sequence
    this.#connection = connection
    return connection.response
  }

  #lost(connection: SseConnection): void {
    if (this.#connection === connection) this.#connection = null
  }
}
