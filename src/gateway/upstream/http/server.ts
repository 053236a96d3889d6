import { isMcplexerError, systemReason } from '../../../base/index.ts'
import { LATEST_LEGACY_REVISION } from '../../eras/legacy.ts'
import { GatewayError } from '../../gateway-error.ts'
import { MAX_LINE_BYTES } from '../../wire/framing.ts'
import { type Message, readMessage, splitBatch } from '../../wire/message.ts'
import { RPC } from '../../wire/rpc-codes.ts'
import type { HttpAddress } from './address.ts'
import { type Authorize, admit } from './admission.ts'
import { readBody } from './body.ts'
import type { OpenSession } from './http-session.ts'
import { LegacyEndpoint, type Post } from './legacy.ts'
import { ModernEndpoint, versionInBody } from './modern.ts'
import { refusal } from './refusal.ts'
import type { TableLimits } from './session-table.ts'

interface HttpDeps {
  readonly address: HttpAddress
  readonly authorize: Authorize
  readonly openSession: OpenSession
  readonly limits?: TableLimits
}

/** For a client that sends its request slowly, or keeps a connection for the next; answers may take any time. */
const IDLE_SEC = 60

/** MCP over HTTP at `/mcp`, both eras at one address. Throws HTTP_LISTEN_FAILED. */
export class HttpServer {
  readonly #deps: HttpDeps
  readonly #legacy: LegacyEndpoint
  readonly #modern: ModernEndpoint
  readonly #server: Bun.Server<undefined>
  #address: HttpAddress
  #isClosing = false
  #bearer = ''

  constructor(deps: HttpDeps) {
    this.#deps = deps
    this.#address = deps.address
    this.#legacy = new LegacyEndpoint(deps.openSession, deps.limits)
    this.#modern = new ModernEndpoint(deps.openSession)
    this.#server = this.#listen(deps.address)
    this.#address = { ...deps.address, port: this.#server.port ?? deps.address.port }
  }

  get url(): string {
    return `http://${this.#address.hostname}:${this.#address.port}/mcp`
  }

  /** Listens no more, ends all sessions, then cuts what is still connected. */
  async close(): Promise<void> {
    this.#isClosing = true
    void this.#server.stop()
    await Promise.all([this.#legacy.close(), this.#modern.close()])
    await this.#server.stop(true)
  }

  #listen({ hostname, port }: HttpAddress): Bun.Server<undefined> {
    try {
      return Bun.serve({
        hostname: hostname.replace(/^\[|\]$/g, ''),
        port,
        reusePort: false,
        development: false,
        idleTimeout: IDLE_SEC,
        // bodies are counted as they are read, after the guard
        maxRequestBodySize: Number.MAX_SAFE_INTEGER,
        fetch: (request, server) => this.#answer(request, server),
        error: () => refusal(500, 'internal error', { code: RPC.internalError }),
      })
    } catch (cause) {
      throw listenFailed(hostname, port, cause)
    }
  }

  async #answer(request: Request, server: Bun.Server<undefined>): Promise<Response> {
    const bearer = admit(request, this.#address, this.#deps.authorize)
    if (bearer instanceof Response) return bearer
    this.#ofBearer(bearer)
    if (this.#isClosing) return refusal(503, 'the server is ending')
    if (request.method === 'POST') return this.#post(request, server, bearer)
    server.timeout(request, 0)
    return request.method === 'GET' ? this.#legacy.get(request, bearer) : this.#legacy.delete(request, bearer)
  }

  /** One token is valid at a time: whoever comes with a new one ends the sessions, and so the streams, of the old. */
  #ofBearer(bearer: string): void {
    if (bearer === this.#bearer) return
    this.#bearer = bearer
    this.#legacy.endOthers(bearer)
  }

  async #post(request: Request, server: Bun.Server<undefined>, bearer: string): Promise<Response> {
    const body = await readBody(request)
    if (body === null) return refusal(413, `the body has more than ${MAX_LINE_BYTES} bytes`)
    server.timeout(request, 0)
    const post = readPost(body)
    if (post instanceof Response) return post
    const [only] = post.parts
    const isModern = !post.isBatch && only !== undefined && isOfModernEra(request, only)
    return isModern ? this.#modern.post(request, bearer, only) : this.#legacy.post(request, bearer, post)
  }
}

function readPost(body: Uint8Array): Post | Response {
  try {
    const batch = splitBatch(body)
    const isBatch = batch !== null
    const parts = (batch ?? [body]).map((part) => readMessage(part))
    if (parts.length > 0) return { parts, isBatch }
    return refusal(400, 'a batch has 1 to 100 messages', { code: RPC.invalidRequest })
  } catch (error) {
    const code = isMcplexerError(error, 'WIRE_INVALID_JSON') ? RPC.parseError : RPC.invalidRequest
    return refusal(400, code === RPC.parseError ? 'Parse error' : 'Invalid Request', { code })
  }
}

/** By the body, whose word counts; a body without one is of the era that the header names. */
function isOfModernEra(request: Request, message: Message): boolean {
  if (versionInBody(message) !== null) return true
  const header = request.headers.get('MCP-Protocol-Version') ?? ''
  return /^\d{4}-\d\d-\d\d$/.test(header) && header > LATEST_LEGACY_REVISION
}

function listenFailed(hostname: string, port: number, cause: unknown): GatewayError {
  const message = `cannot listen on ${hostname}:${port}: ${systemReason(cause)}`
  return new GatewayError('HTTP_LISTEN_FAILED', message, {
    hint: 'is it running already? `mcplexer serve --http 127.0.0.1:0` takes a free port',
  })
}
