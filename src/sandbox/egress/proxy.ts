import { lookup } from 'node:dns/promises'
import { rmSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { hostRules, isListed, isReachable } from './hosts.ts'
import { tunnel } from './tunnel.ts'

const CONNECT = /^CONNECT (\[[0-9a-f:.]+\]|[a-z0-9._-]+):(\d{1,5}) HTTP\/1\.[01]\r\n/i
const MAX_HEAD_BYTES = 8192
const HEAD_TIMEOUT_MS = 10_000
const MAX_CONNECTIONS = 200

export interface EgressRules {
  readonly hosts: readonly string[]
  /** Told once of each other host that is asked for, `name:port`. It is the server's own word. */
  onRefused(target: string): void
}

/**
 * The way out of a server without a network: an HTTP proxy on a Unix socket that knows CONNECT (RFC 9110, 9.3.6) and
 * nothing else, to the hosts that are listed. Names are looked up here; TLS is between the server and the host.
 */
export class EgressProxy {
  readonly path: string
  readonly #server: Server
  readonly #rules: EgressRules
  readonly #said = new Set<string>()

  private constructor(path: string, rules: EgressRules) {
    this.path = path
    this.#rules = rules
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.#accept(socket))
    this.#server.maxConnections = MAX_CONNECTIONS
  }

  /** Listens when it resolves. */
  static async open(path: string, rules: EgressRules): Promise<EgressProxy> {
    const proxy = new EgressProxy(path, rules)
    // of a gateway with our number that was killed
    rmSync(path, { force: true })
    await new Promise<void>((resolve, reject) => {
      proxy.#server.once('error', reject)
      proxy.#server.listen(path, resolve)
    })
    proxy.#server.unref()
    return proxy
  }

  close(): void {
    this.#server.close()
    rmSync(this.path, { force: true })
  }

  #accept(client: Socket): void {
    let head = Buffer.alloc(0)
    client.setTimeout(HEAD_TIMEOUT_MS, () => client.destroy())
    client.on('error', () => client.destroy())
    const onData = (chunk: Buffer): void => {
      head = Buffer.concat([head, chunk])
      const end = head.indexOf('\r\n\r\n')
      if (end === -1 && head.length <= MAX_HEAD_BYTES) return
      client.off('data', onData)
      client.pause()
      client.setTimeout(0)
      void this.#serve(client, head.subarray(0, end + 2).toString('latin1'), head.subarray(end + 4))
    }
    client.on('data', onData)
  }

  async #serve(client: Socket, head: string, early: Buffer): Promise<void> {
    const [, host = '', port = ''] = CONNECT.exec(head) ?? []
    if (host === '') return refuse(client, '405 Method Not Allowed', 'only CONNECT, to hosts that are listed')
    if (!isListed(hostRules(this.#rules.hosts), host, Number(port))) {
      this.#say(`${host}:${port}`)
      return refuse(client, '403 Forbidden', `${host}:${port} is not in \`network\` of this server`)
    }
    const address = await addressOf(host)
    if (address === null)
      return refuse(client, '502 Bad Gateway', `${host} is not known, or stands for this machine only`)
    const target = connect({ host: address, port: Number(port), allowHalfOpen: true })
    client.once('close', () => target.destroy())
    const onFailure = (): void => refuse(client, '502 Bad Gateway', `${host}:${port} does not answer`)
    target.once('error', onFailure)
    target.once('connect', () => {
      target.off('error', onFailure)
      client.write('HTTP/1.1 200 Connection established\r\n\r\n')
      if (early.length > 0) target.write(early)
      tunnel(client, target)
      client.resume()
    })
  }

  #say(target: string): void {
    if (this.#said.has(target) || this.#said.size > MAX_CONNECTIONS) return
    this.#said.add(target)
    this.#rules.onRefused(target)
  }
}

/** The first that may be connected to; null: none. */
async function addressOf(host: string): Promise<string | null> {
  try {
    const found = await lookup(host.replace(/^\[(.*)\]$/, '$1'), { all: true })
    return found.find(({ address }) => isReachable(host, address))?.address ?? null
  } catch {
    return null
  }
}

function refuse(client: Socket, status: string, reason: string): void {
  const body = `mcplexer: ${reason}\n`
  client.end(`HTTP/1.1 ${status}\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`)
}
