import { introduction, type Message } from './mcp-client.ts'
import { BINARY, type TempHome } from './temp-home.ts'

export interface HttpEvent {
  readonly id: string | null
  readonly data: string
}

const TIMEOUT_MS = 45_000

/** `serve --http` on a free port, with its token. Ends with `await using`. */
export class HttpGateway implements AsyncDisposable {
  readonly process: Bun.Subprocess<'ignore', 'ignore', 'pipe'>
  url = ''
  token = ''
  stderr = ''

  private constructor(home: TempHome, args: readonly string[]) {
    this.process = Bun.spawn([BINARY, 'serve', '--http', ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: home.env,
      cwd: home.folder,
    })
  }

  static async start(home: TempHome, args: readonly string[] = ['127.0.0.1:0']): Promise<HttpGateway> {
    const gateway = new HttpGateway(home, args)
    await gateway.#waitForUrl()
    gateway.token = home.runSync(['token', 'show']).stdout.trim()
    return gateway
  }

  get port(): number {
    return Number(new URL(this.url).port)
  }

  /** With token and media types; `headers` override, null leaves out. */
  fetch(
    method: string,
    headers: Record<string, string | null>,
    body?: string | Uint8Array,
    signal?: AbortSignal,
  ) {
    const all: Record<string, string | null> = {
      Authorization: `Bearer ${this.token}`,
      Accept: method === 'GET' ? 'text/event-stream' : 'application/json, text/event-stream',
      ...(method === 'POST' ? { 'Content-Type': 'application/json' } : {}),
      ...headers,
    }
    const kept = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== null)
    return fetch(this.url, {
      method,
      headers: kept,
      ...(body === undefined ? {} : { body }),
      ...(signal === undefined ? {} : { signal }),
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.process.kill('SIGTERM')
    await this.process.exited
  }

  async #waitForUrl(): Promise<void> {
    const timer = setTimeout(() => this.process.kill('SIGKILL'), TIMEOUT_MS)
    const decoder = new TextDecoder()
    const reader = this.process.stderr.getReader()
    while (this.url === '') {
      const { done, value } = await reader.read()
      if (done) throw new Error(`serve --http ended: ${this.stderr}`)
      this.stderr += decoder.decode(value)
      this.url = /http:\/\/\S+\/mcp/.exec(this.stderr)?.[0] ?? ''
    }
    clearTimeout(timer)
    void this.#drain(reader)
  }

  async #drain(reader: { read(): Promise<{ done: boolean; value?: Uint8Array | undefined }> }): Promise<void> {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      this.stderr += new TextDecoder().decode(value)
    }
  }
}

/** A client of one session up to 2025-11-25. */
export class HttpClient {
  readonly gateway: HttpGateway
  readonly headers: Record<string, string>
  #lastId = 0

  private constructor(gateway: HttpGateway, headers: Record<string, string>) {
    this.gateway = gateway
    this.headers = headers
  }

  static async start(
    gateway: HttpGateway,
    capabilities: object = {},
    revision = '2025-11-25',
  ): Promise<HttpClient> {
    const response = await gateway.fetch('POST', {}, initialize(capabilities, revision))
    await response.text()
    const session = response.headers.get('Mcp-Session-Id') ?? ''
    const client = new HttpClient(gateway, { 'Mcp-Session-Id': session, 'MCP-Protocol-Version': revision })
    await client.post({ method: 'notifications/initialized' })
    return client
  }

  post(message: object, signal?: AbortSignal): Promise<Response> {
    const body = JSON.stringify({ jsonrpc: '2.0', ...message })
    return this.gateway.fetch('POST', this.headers, body, signal)
  }

  request(method: string, params: object = {}, signal?: AbortSignal): Promise<Response> {
    return this.post({ id: ++this.#lastId, method, params }, signal)
  }

  call(name: string, args: object = {}, meta?: object, signal?: AbortSignal): Promise<Response> {
    const params = { name, arguments: args, ...(meta === undefined ? {} : { _meta: meta }) }
    return this.request('tools/call', params, signal)
  }

  get(headers: Record<string, string> = {}, signal?: AbortSignal): Promise<Response> {
    return this.gateway.fetch('GET', { ...this.headers, ...headers }, undefined, signal)
  }

  delete(): Promise<Response> {
    return this.gateway.fetch('DELETE', this.headers)
  }
}

export function initialize(capabilities: object = {}, protocolVersion = '2025-11-25'): string {
  const params = introduction({ protocolVersion, capabilities })
  return JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'initialize', params })
}

/** The events of a response as they come; comments are not among them. */
export async function* eventsOf(response: Response): AsyncGenerator<HttpEvent> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of response.body ?? []) {
    rest += decoder.decode(chunk, { stream: true })
    const blocks = rest.split('\n\n')
    rest = blocks.pop() ?? ''
    for (const block of blocks) {
      const lines = block.split('\n')
      const field = (name: string) =>
        lines
          .find((line) => line.startsWith(`${name}:`))
          ?.slice(name.length + 1)
          .trim()
      const data = field('data')
      if (data !== undefined) yield { id: field('id') ?? null, data }
    }
  }
}

/** All messages of a response that ends, JSON or events. */
export async function messagesOf(response: Response): Promise<Message[]> {
  if (response.headers.get('Content-Type') === 'application/json') return [(await response.json()) as Message]
  const messages: Message[] = []
  for await (const { data } of eventsOf(response)) if (data !== '') messages.push(JSON.parse(data))
  return messages
}
