const MAX_EVENTS = 1000
const MAX_BYTES = 16 * 1024 * 1024

interface LoggedEvent {
  readonly stream: number
  readonly sequence: number
  readonly data: Uint8Array
}

/** The last events of a session, for clients that come back with `Last-Event-ID`; the oldest go first. */
export class EventLog {
  readonly #events: LoggedEvent[] = []
  #bytes = 0
  #lastSequence = 0

  /** Gives the id of the event: `<stream>-<sequence>`. */
  add(stream: number, data: Uint8Array): string {
    const sequence = ++this.#lastSequence
    this.#events.push({ stream, sequence, data })
    this.#bytes += data.length
    while (this.#events.length > MAX_EVENTS || this.#bytes > MAX_BYTES) {
      this.#bytes -= this.#events.shift()?.data.length ?? 0
    }
    return `${stream}-${sequence}`
  }

  /** Of that stream, after that event. */
  after(stream: number, sequence: number): { id: string; data: Uint8Array }[] {
    return this.#events
      .filter((event) => event.stream === stream && event.sequence > sequence)
      .map((event) => ({ id: `${stream}-${event.sequence}`, data: event.data }))
  }

  static parse(eventId: string): { stream: number; sequence: number } | null {
    const [, stream, sequence] = /^(\d+)-(\d+)$/.exec(eventId) ?? []
    return stream === undefined || sequence === undefined
      ? null
      : { stream: Number(stream), sequence: Number(sequence) }
  }
}
