const HIGH_WATER_BYTES = 1024 * 1024
const encoder = new TextEncoder()

/** One `text/event-stream` response. html.spec.whatwg.org, "Server-sent events". */
export class SseResponse {
  readonly response: Response
  readonly #onGone: () => void
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null
  readonly #waiting: (() => void)[] = []

  /** `onGone`: the client has closed it; not called after `close`. */
  constructor(headers: Record<string, string>, onGone: () => void) {
    this.#onGone = onGone
    const stream = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller
        },
        pull: () => this.#wake(),
        cancel: () => this.#gone(),
      },
      new ByteLengthQueuingStrategy({ highWaterMark: HIGH_WATER_BYTES }),
    )
    this.response = new Response(stream, {
      headers: {
        'content-type': 'text/event-stream',
        'cache-control': 'no-cache, no-transform',
        'x-accel-buffering': 'no',
        ...headers,
      },
    })
  }

  /** `data` has no newline. Resolves when the client can take more. */
  event(data: Uint8Array, id: string | null, retryMs?: number): void | Promise<void> {
    const head = `${id === null ? '' : `id: ${id}\n`}${retryMs === undefined ? '' : `retry: ${retryMs}\n`}data: `
    return this.#write(Buffer.concat([encoder.encode(head), data, encoder.encode('\n\n')]))
  }

  /** A promise while the client reads too slowly. */
  room(): void | Promise<void> {
    if (this.#controller === null || (this.#controller.desiredSize ?? 1) > 0) return
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** Keeps what lies between from closing a quiet stream. */
  comment(): void {
    void this.#write(encoder.encode(':\n\n'))
  }

  close(): void {
    const controller = this.#controller
    this.#controller = null
    this.#wake()
    try {
      controller?.close()
    } catch {
      // the client was faster
    }
  }

  #write(bytes: Uint8Array): void | Promise<void> {
    if (this.#controller === null) return
    this.#controller.enqueue(bytes)
    return this.room()
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }

  #gone(): void {
    this.#controller = null
    this.#wake()
    this.#onGone()
  }
}
