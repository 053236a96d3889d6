import { createConnection, type Socket } from 'node:net'
import { dirname } from 'node:path'
import { readSocketProof, watchReader } from '../../../base/index.ts'
import { GatewayError } from '../../gateway-error.ts'
import { encodeMessage } from '../../wire/message.ts'
import { socketSink } from './socket-sink.ts'

/** What a daemon says of itself. */
export interface DaemonStatus {
  readonly pid: number
  readonly version: string
  /** Absolute. */
  readonly config: string
  readonly uptimeSec: number
  readonly sessions: number
}

export const HELLO = 'mcplexer/hello'
export const STATUS = 'mcplexer/status'
export const STOP = 'mcplexer/stop'
/**
 * The client has closed its input. Said and not shown by closing half of the socket, as the end of the socket means that
 * `connect` itself is gone, which nothing else would tell.
 */
export const INPUT_ENDED = encodeMessage({ method: 'mcplexer/input-ended' })

/** Null when nobody listens there. */
export function connectSocket(path: string): Promise<Socket | null> {
  const proof = readSocketProof(dirname(path))
  if (proof === null) return Promise.resolve(null)
  return new Promise((resolve) => {
    const socket = createConnection(path)
    socket.once('connect', () => {
      socket.write(`${proof}\n`)
      resolve(socket)
    })
    socket.once('error', () => resolve(null))
  })
}

const STDOUT = 1
const NEWLINE = new TextEncoder().encode('\n')

/** A busy daemon is slow; one that was suspended would be waited for without end. */
const ANSWER_LIMIT_MS = 5000

/** The status, once the daemon has done what `method` says; null when there is none. Throws DAEMON_SILENT. */
export async function askDaemon(
  path: string,
  method: typeof STATUS | typeof STOP,
): Promise<DaemonStatus | null> {
  const socket = await connectSocket(path)
  if (socket === null) return null
  socket.on('error', () => undefined)
  socket.write(`{"jsonrpc":"2.0","id":1,"method":"${method}"}\n`)
  let isLate = false
  socket.setTimeout(ANSWER_LIMIT_MS, () => {
    isLate = true
    socket.destroy()
  })
  const text = await firstLine(socket)
  if (isLate) throw silent()
  const reply: { result?: DaemonStatus } | null = text === '' ? null : JSON.parse(text)
  return reply?.result ?? null
}

async function firstLine(socket: Socket): Promise<string> {
  let text = ''
  try {
    for await (const chunk of socket) {
      text += String(chunk)
      if (text.includes('\n')) break
    }
  } catch {
    // it was closed in the middle
  }
  socket.destroy()
  return text
}

function silent(): GatewayError {
  return new GatewayError('DAEMON_SILENT', 'the gateway in the background does not answer', {
    hint: 'find its process with `pgrep -af "mcplexer serve"`, and end it with kill -9; no server outlives it',
  })
}

/**
 * A client app on stdin and stdout that talks to the daemon: bytes both ways, each side as fast as the other reads. When
 * the client closes its input the daemon answers what is still open, and closes. Resolves with whether it was the client
 * that has ended it.
 */
export async function joinStdio(socket: Socket, clientFolder: string): Promise<boolean> {
  const stdout = Bun.stdout.writer()
  socket.on('error', () => undefined)
  socket.write(`${new TextDecoder().decode(encodeMessage({ method: HELLO, params: { cwd: clientFolder } }))}\n`)
  const ended = Promise.withResolvers<boolean>()
  let hasInputEnded = false
  const upwards = async (): Promise<void> => {
    const sink = socketSink(socket)
    for await (const chunk of Bun.stdin.stream()) {
      await sink.write(chunk)
      await sink.flush()
    }
    hasInputEnded = true
    watchReader(STDOUT, () => ended.resolve(true))
    // the last line may have had no end
    await sink.write(Buffer.concat([NEWLINE, INPUT_ENDED, NEWLINE]))
  }
  const downwards = async (): Promise<void> => {
    for await (const chunk of socket) {
      await stdout.write(chunk)
      await stdout.flush()
    }
  }
  upwards().catch(() => ended.resolve(false))
  // a client that no longer reads has ended it, a daemon that closes unasked has not
  downwards().then(
    () => ended.resolve(hasInputEnded),
    () => ended.resolve(true),
  )
  const isClients = await ended.promise
  socket.destroy()
  return isClients
}
