import type { Outlet } from '../outlet.ts'

interface ExchangeDeps {
  /** The only message: the final reply. */
  reply(line: Uint8Array): Response
  /** There will be more than one message, or it takes long. */
  stream(): { readonly outlet: Outlet; readonly response: Response }
}

/** Some clients give up after 30 s or more without a header. */
const PATIENCE_MS = 10_000

/**
 * The answer to one POST, JSON or events: decided by what the session sends first, which is held until it is clear
 * whether anything follows it. MCP 2025-11-25, "Sending Messages to the Server".
 */
export class Exchange implements Outlet {
  readonly #deps: ExchangeDeps
  readonly #answer = Promise.withResolvers<Response>()
  readonly #patience: Timer
  #held: Uint8Array | null = null
  #stream: Outlet | null = null
  #isOver = false

  constructor(deps: ExchangeDeps) {
    this.#deps = deps
    this.#patience = setTimeout(() => this.#openStream(), PATIENCE_MS)
  }

  get response(): Promise<Response> {
    return this.#answer.promise
  }

  get isOver(): boolean {
    return this.#isOver
  }

  send(line: Uint8Array): void | Promise<void> {
    if (this.#isOver) return
    if (this.#stream !== null || this.#held !== null) return this.#openStream()?.send(line)
    this.#held = line
    setImmediate(() => this.#openStream())
  }

  room(): void | Promise<void> {
    return this.#stream?.room()
  }

  end(): void {
    if (this.#isOver) return
    if (this.#stream === null && this.#held !== null) this.#answer.resolve(this.#deps.reply(this.#held))
    else this.#openStream()?.end()
    this.abandon()
  }

  /** The client is gone before anything was sent. */
  abandon(): void {
    this.#isOver = true
    clearTimeout(this.#patience)
    this.#answer.resolve(new Response(null, { status: 499 }))
  }

  #openStream(): Outlet | null {
    if (this.#stream !== null || this.#isOver) return this.#stream
    clearTimeout(this.#patience)
    const { outlet, response } = this.#deps.stream()
    this.#stream = outlet
    this.#answer.resolve(response)
    if (this.#held !== null) void outlet.send(this.#held)
    this.#held = null
    return outlet
  }
}
