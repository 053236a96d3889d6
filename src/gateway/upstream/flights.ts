import { Flight } from '../downstream/flight.ts'
import { idKey, type NotificationMessage, type RequestMessage } from '../wire/message.ts'

/** How much a client may ask before the servers have taken it, and before they have answered it. */
const MAX_UNSENT_BYTES = 4 * 1024 * 1024
const MAX_UNANSWERED_BYTES = 64 * 1024 * 1024

/** The requests of one client that are not answered yet, by their ids. */
export class Flights {
  readonly #flights = new Map<string, Flight>()
  readonly #waiting: (() => void)[] = []
  #unsentBytes = 0
  #unansweredBytes = 0

  /** Null when a request with this id is in flight already. */
  begin(request: RequestMessage): Flight | null {
    const key = idKey(request.bytes, request.id)
    if (this.#flights.has(key)) return null
    const size = request.bytes.length
    const flight = new Flight(() => {
      this.#unsentBytes -= size
      this.#wake()
    })
    this.#flights.set(key, flight)
    this.#unsentBytes += size
    this.#unansweredBytes += size
    return flight
  }

  end(request: RequestMessage): void {
    const key = idKey(request.bytes, request.id)
    this.#flights.get(key)?.answered()
    this.#flights.delete(key)
    this.#unansweredBytes -= request.bytes.length
    this.#wake()
  }

  /** A promise while the servers read too slowly for what the client asks. */
  room(): void | Promise<void> {
    if (!this.#isFull()) return
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** What `notifications/cancelled` asks for; unknown ids are nobody's. */
  cancel(notification: NotificationMessage): void {
    const requestId = notification.params.get('requestId')
    if (requestId !== undefined) this.#flights.get(idKey(notification.bytes, requestId))?.cancel(notification)
  }

  /** The client has gone. */
  cancelAll(): void {
    for (const flight of this.#flights.values()) flight.cancel(null)
  }

  #isFull(): boolean {
    return this.#unsentBytes > MAX_UNSENT_BYTES || this.#unansweredBytes > MAX_UNANSWERED_BYTES
  }

  #wake(): void {
    if (!this.#isFull()) for (const resolve of this.#waiting.splice(0)) resolve()
  }
}
