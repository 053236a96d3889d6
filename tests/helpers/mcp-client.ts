import { BINARY, type TempHome } from './temp-home.ts'

interface ClientOptions {
  readonly cwd?: string
  readonly env?: Record<string, string>
  /** Instead of the program itself. */
  readonly command?: string[]
}

export interface Message {
  id?: number | string | null
  method?: string
  params?: Record<string, unknown>
  result?: Record<string, unknown>
  error?: { code: number; message: string; data?: unknown }
}

const TIMEOUT_MS = 45_000

/** The params of `initialize`: who a client is, what it can do, what it speaks. */
export const introduction = (changes: object = {}) => ({
  protocolVersion: '2025-11-25',
  capabilities: {},
  clientInfo: { name: 'test', version: '1' },
  ...changes,
})
/** What the tools of a list are called. */
export const namesOf = ({ result }: Message): string[] =>
  ((result?.['tools'] ?? []) as { name: string }[]).map(({ name }) => name)
/** The first text that a call gives. */
export const textOf = ({ result }: Message): string =>
  String((result?.['content'] as { text: string }[] | undefined)?.[0]?.text)

/** A client that writes and reads raw lines, so that a test sees every byte. Ends the gateway with `await using`. */
export class RawClient implements AsyncDisposable {
  readonly process: Bun.Subprocess<'pipe', 'pipe', 'pipe'>
  readonly lines: string[] = []
  stderr = ''
  #lastId = 0
  readonly #watchers = new Set<() => void>()
  #stopReading = async (): Promise<void> => undefined

  private constructor(home: TempHome, options: ClientOptions) {
    this.process = Bun.spawn(options.command ?? [BINARY, 'serve'], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...home.env, ...options.env },
      cwd: options.cwd ?? home.folder,
    })
    void this.#readStdout()
    void this.#readStderr()
  }

  /** Not initialized. */
  static raw(home: TempHome, options: ClientOptions = {}): RawClient {
    return new RawClient(home, options)
  }

  static async start(
    home: TempHome,
    capabilities: object = {},
    options: ClientOptions = {},
  ): Promise<RawClient> {
    const client = RawClient.raw(home, options)
    await client.request('initialize', introduction({ capabilities }))
    client.send({ method: 'notifications/initialized' })
    return client
  }

  get messages(): Message[] {
    return this.lines.map((line) => JSON.parse(line))
  }

  send(message: object): void {
    this.sendRaw(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
  }

  sendRaw(text: string | Uint8Array): void {
    void this.process.stdin.write(text)
    void this.process.stdin.flush()
  }

  async request(method: string, params?: object, id: number | string = ++this.#lastId): Promise<Message> {
    this.send({ id, method, ...(params === undefined ? {} : { params }) })
    return this.reply(id)
  }

  call(name: string, args: object = {}, meta?: object): Promise<Message> {
    return this.request('tools/call', { name, arguments: args, ...(meta === undefined ? {} : { _meta: meta }) })
  }

  async callText(name: string, args: object = {}): Promise<string> {
    const reply = await this.call(name, args)
    const content = reply.result?.['content'] as { text: string }[] | undefined
    return content?.[0]?.text ?? `no text: ${JSON.stringify(reply.error)}`
  }

  reply(id: number | string): Promise<Message> {
    return this.waitFor((message) => message.method === undefined && message.id === id, `reply to ${id}`)
  }

  notification(method: string): Promise<Message> {
    return this.waitFor((message) => message.method === method && message.id === undefined, method)
  }

  async waitFor(isWanted: (message: Message) => boolean, what: string): Promise<Message> {
    let seen = 0
    const look = (): Message | undefined => {
      for (; seen < this.lines.length; seen++) {
        const message: Message = JSON.parse(this.lines[seen] ?? '')
        if (isWanted(message)) return message
      }
      return undefined
    }
    return this.#until(look, what)
  }

  stderrHas(text: string): Promise<boolean> {
    return this.#until(() => this.stderr.includes(text) || undefined, `stderr with ${text}`)
  }

  /** Reads on until the gateway ends, which it does with the last reply. */
  async close(): Promise<number> {
    await this.process.stdin.end()
    return this.process.exited
  }

  /** As a client that dies: nobody writes any more, and nobody reads. */
  async vanish(): Promise<number> {
    await Promise.all([this.process.stdin.end(), this.#stopReading()])
    return this.process.exited
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.process.exitCode === null) await this.vanish()
  }

  #until<T>(look: () => T | undefined, what: string): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#watchers.delete(check)
        reject(new Error(`waited in vain for ${what}; stderr:\n${this.stderr.slice(-2000)}`))
      }, TIMEOUT_MS)
      const check = (): void => {
        const found = look()
        if (found === undefined) return
        clearTimeout(timer)
        this.#watchers.delete(check)
        resolve(found)
      }
      this.#watchers.add(check)
      check()
    })
  }

  async #readStdout(): Promise<void> {
    const decoder = new TextDecoder()
    const reader = this.process.stdout.getReader()
    this.#stopReading = () => reader.cancel()
    let rest = ''
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      rest += decoder.decode(value, { stream: true })
      const lines = rest.split('\n')
      rest = lines.pop() ?? ''
      this.lines.push(...lines)
      this.#notify()
    }
  }

  async #readStderr(): Promise<void> {
    const decoder = new TextDecoder()
    for await (const chunk of this.process.stderr) {
      this.stderr += decoder.decode(chunk, { stream: true })
      this.#notify()
    }
  }

  #notify(): void {
    for (const watcher of [...this.#watchers]) watcher()
  }
}
