import type { Outlet } from '../outlet.ts'

/** What a request turns into once there is more to say than its reply. */
export interface Stream extends Outlet {
  readonly response: Response
}

/**
 * The answer to one POST: a JSON body when the reply is all there is, a stream of events when something comes before
 * it. A request that never gets a reply ends as 202.
 */
export class ReplyOutlet implements Outlet {
  readonly response: Promise<Response>
  readonly #openStream: () => Stream
  readonly #json: (line: Uint8Array) => Response
  readonly #resolve: (response: Response) => void
  #first: Uint8Array | null = null
  #stream: Stream | null = null
  #isEnded = false

  constructor(openStream: () => Stream, json: (line: Uint8Array) => Response) {
    const { promise, resolve } = Promise.withResolvers<Response>()
    this.response = promise
    this.#resolve = resolve
    this.#openStream = openStream
    this.#json = json
  }

  send(line: Uint8Array): void | Promise<void> {
    if (this.#stream !== null) return this.#stream.send(line)
    if (this.#first !== null) return this.stream().send(line)
    this.#first = line
    // a reply is followed by `end` at once; anything else must not wait for it
    queueMicrotask(() => {
      if (!this.#isEnded) this.stream()
    })
  }

  room(): void | Promise<void> {
    return this.#stream?.room()
  }

  end(): void {
    if (this.#isEnded) return
    this.#isEnded = true
    if (this.#stream !== null) this.#stream.end()
    else this.#resolve(this.#first === null ? new Response(null, { status: 202 }) : this.#json(this.#first))
  }

  /** From now on a stream, whatever comes. */
  stream(): Stream {
    if (this.#stream !== null) return this.#stream
    const stream = this.#openStream()
    this.#stream = stream
    this.#resolve(stream.response)
    if (this.#first !== null) void stream.send(this.#first)
    return stream
  }
}

export function jsonResponse(line: Uint8Array, headers: Record<string, string> = {}, status = 200): Response {
  return new Response(line, { status, headers: { 'content-type': 'application/json', ...headers } })
}
