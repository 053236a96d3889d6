/** What the parts of the benchmark share. */
import { readFileSync } from 'node:fs'

export interface Setup {
  readonly name: string
  readonly command: string[]
  readonly prefix: string
  /** Called before each start. */
  prepare?(): void
}

/** One side of a pipe that speaks MCP; every reply is looked at. */
export class Peer {
  readonly process: Bun.Subprocess<'pipe', 'pipe', 'ignore'>
  readonly #prefix: string
  #rest = ''
  #id = 0
  readonly #waiting = new Map<number, (line: string) => void>()

  constructor({ command, prefix }: Setup, home: string) {
    this.#prefix = prefix
    this.process = Bun.spawn(command, {
      stdio: ['pipe', 'pipe', 'ignore'],
      env: { ...process.env, MCPLEXER_HOME: home },
    })
    void this.#read()
  }

  request(method: string, params: object): Promise<string> {
    const id = ++this.#id
    const reply = new Promise<string>((resolve) => this.#waiting.set(id, resolve))
    this.process.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`)
    this.process.stdin.flush()
    return reply
  }

  initialize(): Promise<string> {
    return this.request('initialize', {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'bench', version: '1' },
    })
  }

  async echo(message: string): Promise<void> {
    const reply = await this.request('tools/call', { name: `${this.#prefix}echo`, arguments: { message } })
    if (!reply.includes(`"text":"${message}"`)) throw new Error('a reply was not what was sent')
  }

  async end(): Promise<void> {
    await this.process.stdin.end()
    await this.process.exited
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder()
    for await (const chunk of this.process.stdout) {
      const lines = (this.#rest + decoder.decode(chunk, { stream: true })).split('\n')
      this.#rest = lines.pop() ?? ''
      for (const line of lines) {
        const id = Number(/"id":(\d+)/.exec(line.slice(0, 60))?.[1] ?? /"id":(\d+)/.exec(line.slice(-60))?.[1])
        this.#waiting.get(id)?.(line)
        this.#waiting.delete(id)
      }
    }
  }
}

export function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) / 100
}

export function rss(pid: number, field: string): number {
  return (
    Number(new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024
  )
}

export function median(values: number[]): number {
  return quantile(values, 0.5)
}

export function quantile(values: number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN
}

export function ms(value: number): string {
  return value.toFixed(value < 10 ? 3 : 1)
}

export function print(name: string, cells: string[]): void {
  process.stdout.write(`${name.padEnd(28)}${cells.map((cell) => cell.padStart(18)).join('')}\n`)
}
