/** Above this the writer is asked to wait, and above the limit a connection that nobody reads is given up. */
const HIGH_WATER_BYTES = 1024 * 1024
const LIMIT_BYTES = 128 * 1024 * 1024
const KEEP_ALIVE_MS = 15_000
const KEEP_ALIVE = new TextEncoder().encode(': keep-alive\n\n')
const HEADERS = {
  'Content-Type': 'text/event-stream',
  'Cache-Control': 'no-store',
  // nginx would hold events back. MCP 2026-07-28, "Receiving Messages"
  'X-Accel-Buffering': 'no',
}

/**
 * One HTTP response that carries server-sent events (WHATWG HTML, section 9.2). Bytes wait here until the socket
 * takes them, so that what a slow reader costs is known. `onLost` is called once, when the client closes first.
 */
export class SseConnection {
  readonly response: Response
  readonly #onLost: () => void
  readonly #chunks: Uint8Array[] = []
  readonly #keepAlive: Timer
  #queuedBytes = 0
  #drained: PromiseWithResolvers<void> | null = null
  #wakeReader: (() => void) | null = null
  #isEnding = false
  #isClosed = false

  constructor(first: Uint8Array, onLost: () => void, headers: Record<string, string> = {}) {
    this.#onLost = onLost
    this.#keepAlive = setInterval(() => this.#stayAlive(), KEEP_ALIVE_MS)
    void this.write(first)
    const source = { pull: (to: Controller) => this.#pull(to), cancel: () => this.drop() }
    this.response = new Response(new ReadableStream(source, { highWaterMark: 0 }), {
      headers: { ...HEADERS, ...headers },
    })
  }

  /** Resolves when more can be taken, or nobody takes anything any more. */
  write(chunk: Uint8Array): void | Promise<void> {
    if (this.#isClosed || this.#isEnding) return
    if (this.#queuedBytes > LIMIT_BYTES) return this.drop()
    this.#chunks.push(chunk)
    this.#queuedBytes += chunk.length
    this.#wakeReader?.()
    return this.room()
  }

  /** A promise while the client reads too slowly. */
  room(): void | Promise<void> {
    if (this.#isClosed || this.#queuedBytes <= HIGH_WATER_BYTES) return
    this.#drained ??= Promise.withResolvers()
    return this.#drained.promise
  }

  /** What was written is still sent. */
  end(): void {
    this.#isEnding = true
    clearInterval(this.#keepAlive)
    this.#wakeReader?.()
  }

  /** The client is gone, or shall be. */
  drop(): void {
    if (this.#isClosed) return
    this.#close()
    this.#onLost()
  }

  #close(): void {
    this.#isClosed = true
    clearInterval(this.#keepAlive)
    this.#chunks.length = 0
    this.#queuedBytes = 0
    this.#drained?.resolve()
    this.#wakeReader?.()
  }

  async #pull(controller: Controller): Promise<void> {
    while (this.#chunks.length === 0 && !this.#isEnding && !this.#isClosed) await this.#more()
    const chunk = this.#chunks.shift()
    if (chunk === undefined) return this.#finish(controller)
    this.#queuedBytes -= chunk.length
    controller.enqueue(chunk)
    if (this.#queuedBytes > HIGH_WATER_BYTES) return
    this.#drained?.resolve()
    this.#drained = null
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wakeReader = resolve
    })
  }

  #finish(controller: Controller): void {
    this.#close()
    try {
      controller.close()
    } catch {
      // the client had closed it
    }
  }

  #stayAlive(): void {
    if (this.#queuedBytes === 0) void this.write(KEEP_ALIVE)
  }
}

type Controller = ReadableStreamDefaultController<Uint8Array>
