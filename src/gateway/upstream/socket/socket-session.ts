import type { Socket } from 'node:net'
import { isAbsolute } from 'node:path'
import { Readable } from 'node:stream'
import { readLines } from '../../wire/framing.ts'
import { LineWriter } from '../../wire/line-writer.ts'
import { encodeResult, type Message, readMessage, textParam } from '../../wire/message.ts'
import { lastReplies } from '../last-replies.ts'
import { type Outlet, outletOf } from '../outlet.ts'
import type { ClientSession } from '../session.ts'
import { HELLO, INPUT_ENDED, STATUS, STOP } from './client.ts'
import { socketSink } from './socket-sink.ts'

export interface SessionOptions {
  openSession(home: Outlet, clientFolder: string): ClientSession
  /** A client has asked for the end. */
  onStop(): void
  /** Of the daemon, for who asks after it. */
  status(): object
  /** Whether there may be no other session. */
  isFull(): boolean
}

/** One connection: it may say where it comes from, or ask after the daemon; with anything else it becomes a session. */
export class SocketSession {
  readonly #socket: Socket
  readonly #options: SessionOptions
  readonly #writer: LineWriter
  #session: ClientSession | null = null
  #clientFolder = process.cwd()
  readonly #finished = Promise.withResolvers<void>()
  #hasInputEnded = false

  constructor(socket: Socket, options: SessionOptions) {
    this.#socket = socket
    this.#options = options
    this.#writer = new LineWriter(socketSink(socket), () => socket.destroy())
  }

  async run(): Promise<void> {
    const read = readLines(
      Readable.toWeb(this.#socket) as ReadableStream<Uint8Array>,
      (line) => this.#receive(line),
      (ends) => this.#session?.tooLong(ends),
    ).catch(() => undefined)
    await Promise.race([read, this.#finished.promise])
    await this.#session?.close()
    // whoever still reads closes after the last of it
    await read
    this.#socket.destroy()
  }

  async #finish(): Promise<void> {
    this.#hasInputEnded = true
    if (this.#session !== null) await lastReplies(this.#session)
    await this.#writer.end()
    this.#finished.resolve()
  }

  #receive(line: Uint8Array): void | Promise<void> {
    if (this.#hasInputEnded) return
    if (isInputEnded(line)) return void this.#finish()
    if (this.#session !== null) return this.#session.receive(line)
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
    this.#session = this.#options.openSession(outletOf(this.#writer), this.#clientFolder)
    return this.#session.receive(line)
  }
}

function isInputEnded(line: Uint8Array): boolean {
  return line.length === INPUT_ENDED.length && Buffer.compare(line, INPUT_ENDED) === 0
}

function messageIn(line: Uint8Array): Message | null {
  try {
    return readMessage(line)
  } catch {
    return null
  }
}
