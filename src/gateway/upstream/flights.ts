import { Flight } from '../downstream/flight.ts'
import { idKey, type NotificationMessage, type RequestMessage } from '../wire/message.ts'

/** The requests of one client that are not answered yet, by their ids. */
export class Flights {
  readonly #flights = new Map<string, Flight>()

  /** Null when a request with this id is in flight already. */
  begin(request: RequestMessage): Flight | null {
    const key = idKey(request.bytes, request.id)
    if (this.#flights.has(key)) return null
    const flight = new Flight()
    this.#flights.set(key, flight)
    return flight
  }

  end(request: RequestMessage): void {
    this.#flights.delete(idKey(request.bytes, request.id))
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
}
