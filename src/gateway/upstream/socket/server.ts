import { chmodSync, lstatSync, rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { dirname } from 'node:path'
import { Doorstep, makeSocketProof, version } from '../../../base/index.ts'
import { type SessionOptions, SocketSession } from './socket-session.ts'

const MAX_SESSIONS = 256
/** Some are left for those who ask after the daemon, or end it. */
const MAX_CONNECTIONS = MAX_SESSIONS + 16
/** For the client to read what is on its way. */
const ENDING_MS = 1000

interface SocketOptions extends Omit<SessionOptions, 'status' | 'isFull'> {
  readonly path: string
  /** What it runs with. */
  readonly config: string
}

interface SocketServer {
  /** Whether what lies at its path is still its socket. */
  isReachable(): boolean
  close(): Promise<void>
}

/**
 * A Unix socket on which every connection is a session. Its folder keeps other users out; the proof beside it, which
 * has to be said first, keeps out the servers behind us.
 */
export async function listenSocket(options: SocketOptions): Promise<SocketServer> {
  const folder = dirname(options.path)
  makeSocketProof(folder)
  const startedMs = performance.now()
  const open = new Set<Promise<void>>()
  const sockets = new Set<Socket>()
  const status = (): object => ({
    pid: process.pid,
    version,
    config: options.config,
    uptimeSec: Math.round((performance.now() - startedMs) / 1000),
    sessions: open.size - 1,
  })
  const session = {
    ...options,
    status,
    isFull: () => open.size > MAX_SESSIONS,
  }
  const doorstep = new Doorstep(folder)
  const welcome = (socket: Socket): void => {
    // what it has sent must be read, or it never closes
    if (open.size >= MAX_CONNECTIONS) return void socket.resume().end()
    const served = new SocketSession(socket, session).run().finally(() => open.delete(served))
    open.add(served)
  }
  const server = createServer({ allowHalfOpen: false }, (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => undefined)
    doorstep.meet(socket, () => welcome(socket))
  })
  await bind(server, options.path)
  const own = whichFile(options.path)
  return {
    isReachable: () => whichFile(options.path) === own,
    close: async () => {
      server.close()
      doorstep.close()
      await endAll(sockets, open)
      rmSync(options.path, { force: true })
    },
  }
}

async function bind(server: Server, path: string): Promise<void> {
  // the caller holds the daemon's lock, so a socket that lies there was left by one that has died
  rmSync(path, { force: true })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, resolve)
  })
  chmodSync(path, 0o600)
}

/** Once what is on its way was read, or after a moment. */
async function endAll(sockets: ReadonlySet<Socket>, open: ReadonlySet<Promise<void>>): Promise<void> {
  for (const socket of sockets) socket.end()
  const cut = setTimeout(() => {
    for (const socket of sockets) socket.destroy()
  }, ENDING_MS)
  await Promise.all(open)
  clearTimeout(cut)
}

/** Which file it is; null when there is none. */
function whichFile(path: string): string | null {
  const found = lstatSync(path, { throwIfNoEntry: false })
  return found === undefined ? null : `${found.dev} ${found.ino}`
}
