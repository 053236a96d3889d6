interface StoredEvent {
  readonly stream: number
  readonly sequence: number
  /** As it is sent. */
  readonly bytes: Uint8Array
}

const encoder = new TextEncoder()
const DATA_END = encoder.encode('\n\n')

/** The last events of one session, for clients that lost their connection. When it is full, the oldest go. */
export class EventStore {
  readonly #maxEvents: number
  readonly #maxBytes: number
  #events: StoredEvent[] = []
  #bytes = 0

  constructor(maxEvents = 1000, maxBytes = 16 * 1024 * 1024) {
    this.#maxEvents = maxEvents
    this.#maxBytes = maxBytes
  }

  add(event: StoredEvent): void {
    this.#events.push(event)
    this.#bytes += event.bytes.length
    while (this.#events.length > this.#maxEvents || this.#bytes > this.#maxBytes)
      this.#bytes -= this.#events.shift()?.bytes.length ?? 0
  }

  /** Those of one stream that came after `sequence`. */
  after(stream: number, sequence: number): StoredEvent[] {
    return this.#events.filter((event) => event.stream === stream && event.sequence > sequence)
  }

  clear(): void {
    this.#events = []
    this.#bytes = 0
  }
}

/** `id` names stream and place in it. MCP 2025-11-25, "Resumability and Redelivery". */
export function eventId(stream: number, sequence: number): string {
  return `${stream}-${sequence}`
}

export function parseEventId(text: string): { stream: number; sequence: number } | null {
  const [, stream, sequence] = /^(\d{1,15})-(\d{1,15})$/.exec(text) ?? []
  return stream === undefined ? null : { stream: Number(stream), sequence: Number(sequence) }
}

/** One event with a message, which has no line break. `id` null: this stream cannot be resumed. */
export function encodeEvent(id: string | null, line: Uint8Array): Uint8Array {
  const head = encoder.encode(`${id === null ? '' : `id: ${id}\n`}data: `)
  const event = new Uint8Array(head.length + line.length + DATA_END.length)
  event.set(head)
  event.set(line, head.length)
  event.set(DATA_END, head.length + line.length)
  return event
}

/** The first event of a stream: the client learns where to resume. Only 2025-11-25 knows events without data. */
export function primingEvent(id: string, isEvent: boolean): Uint8Array {
  return encoder.encode(`id: ${id}\nretry: 1000\n${isEvent ? 'data: \n' : ''}\n`)
}
