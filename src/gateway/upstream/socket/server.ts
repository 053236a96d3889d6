import { chmodSync, lstatSync, rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { dirname, isAbsolute } from 'node:path'
import { Readable } from 'node:stream'
import { isSocketProof, makeSocketProof, version } from '../../../base/index.ts'
import { LineWriter, readLines } from '../../wire/framing.ts'
import { encodeResult, type Message, readMessage, textParam } from '../../wire/message.ts'
import type { Outlet } from '../outlet.ts'
import type { ClientSession } from '../session.ts'
import { HELLO, STATUS, STOP } from './client.ts'
import { socketSink } from './socket-sink.ts'

const MAX_SESSIONS = 256
/** Some are left for those who ask after the daemon, or end it. */
const MAX_CONNECTIONS = MAX_SESSIONS + 16
/** For the client to read what is on its way. */
const ENDING_MS = 1000

interface SocketOptions {
  readonly path: string
  /** What it runs with. */
  readonly config: string
  openSession(home: Outlet, clientFolder: string): ClientSession
  /** A client has asked for the end. */
  onStop(): void
}

interface SocketServer {
  /** Whether what lies at its path is still its socket. */
  isReachable(): boolean
  close(): Promise<void>
}

/**
 * A Unix socket on which every connection is a session. The folder it lies in keeps other users out, and the file beside
 * it that has to be read first the servers behind us.
 */
export async function listenSocket(options: SocketOptions): Promise<SocketServer> {
  makeSocketProof(dirname(options.path))
  const startedMs = performance.now()
  const open = new Set<Promise<void>>()
  const status = (): object => ({
    pid: process.pid,
    version,
    config: options.config,
    uptimeSec: Math.round((performance.now() - startedMs) / 1000),
    sessions: open.size - 1,
  })
  const server = createServer({ allowHalfOpen: false }, (socket) => {
    if (open.size >= MAX_CONNECTIONS) return void socket.end()
    const isFull = () => open.size > MAX_SESSIONS
    const served = new SocketSession(socket, { ...options, status, isFull })
      .run()
      .finally(() => open.delete(served))
    open.add(served)
  })
  // the lock of the one who calls makes sure that it is left of somebody who has died
  rmSync(options.path, { force: true })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.path, resolve)
  })
  chmodSync(options.path, 0o600)
  const own = whichFile(options.path)
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  return {
    isReachable: () => whichFile(options.path) === own,
    close: async () => {
      server.close()
      for (const socket of sockets) socket.end()
      const cut = setTimeout(() => {
        for (const socket of sockets) socket.destroy()
      }, ENDING_MS)
      await Promise.all(open)
      clearTimeout(cut)
      rmSync(options.path, { force: true })
    },
  }
}

/** Which file it is; null when there is none. */
function whichFile(path: string): string | null {
  const found = lstatSync(path, { throwIfNoEntry: false })
  return found === undefined ? null : `${found.dev} ${found.ino}`
}

interface SessionOptions extends SocketOptions {
  status(): object
  isFull(): boolean
}

/**
 * One connection: it proves that no shield is around it, may then say where it comes from, or ask after the daemon; from
 * then on it is a session.
 */
class SocketSession {
  readonly #socket: Socket
  readonly #options: SessionOptions
  readonly #writer: LineWriter
  #isProven = false
  #session: ClientSession | null = null
  #clientFolder = process.cwd()

  constructor(socket: Socket, options: SessionOptions) {
    this.#socket = socket
    this.#options = options
    socket.on('error', () => undefined)
    this.#writer = new LineWriter(socketSink(socket), () => socket.destroy())
  }

  async run(): Promise<void> {
    const read = readLines(
      Readable.toWeb(this.#socket) as ReadableStream<Uint8Array>,
      (line) => this.#receive(line),
      (ends) => this.#session?.tooLong(ends),
    )
    await read.catch(() => undefined)
    await this.#session?.close()
    this.#socket.destroy()
  }

  #receive(line: Uint8Array): void | Promise<void> {
    if (this.#session !== null) return this.#session.receive(line)
    if (!this.#isProven) return this.#prove(line)
    const message = messageIn(line)
    if (message?.kind === 'notification' && message.method === HELLO) {
      const folder = textParam(message, 'cwd')
      if (folder !== null && isAbsolute(folder)) this.#clientFolder = folder
      return
    }
    if (message?.kind === 'request' && (message.method === STATUS || message.method === STOP)) {
      if (message.method === STOP) this.#options.onStop()
      return this.#writer.write(encodeResult(message, JSON.stringify(this.#options.status())))
    }
    if (this.#options.isFull()) return void this.#socket.end()
    const home = {
      send: (reply: Uint8Array) => this.#writer.write(reply),
      room: () => this.#writer.room(),
      end: () => undefined,
    }
    this.#session = this.#options.openSession(home, this.#clientFolder)
    return this.#session.receive(line)
  }

  #prove(line: Uint8Array): void {
    this.#isProven = isSocketProof(dirname(this.#options.path), new TextDecoder().decode(line))
    if (!this.#isProven) this.#socket.destroy()
  }
}

function messageIn(line: Uint8Array): Message | null {
  try {
    return readMessage(line)
  } catch {
    return null
  }
}
