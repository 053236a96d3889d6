import type { Socket } from 'node:net'
import { isSocketProof } from './socket-proof.ts'

const PROOF_LIMIT_MS = 2000
/** The proof is shorter. */
const MAX_BYTES = 64
const MAX_WAITING = 256

/**
 * Where connections to a socket of ours wait until they have said its proof. Any program of the user may come here, so
 * each gets a moment and a few bytes, and the oldest makes room for the newest: whoever has the proof says it at once,
 * and is kept out by nobody who is silent.
 */
export class Doorstep {
  readonly #folder: string
  readonly #waiting = new Set<Socket>()

  /** `folder`: that of the socket, with the proof in it. */
  constructor(folder: string) {
    this.#folder = folder
  }

  /** Calls `welcome` when the proof was said: the socket is paused then, in front of what came behind it. */
  meet(socket: Socket, welcome: () => void): void {
    const [oldest] = this.#waiting
    if (this.#waiting.size >= MAX_WAITING) oldest?.destroy()
    this.#waiting.add(socket)
    const timer = setTimeout(() => socket.destroy(), PROOF_LIMIT_MS)
    timer.unref()
    let said = Buffer.alloc(0)
    const hear = (chunk: Buffer): void => {
      said = Buffer.concat([said, chunk])
      const end = said.indexOf('\n')
      if (end === -1 && said.length <= MAX_BYTES) return
      leave()
      if (end === -1 || !isSocketProof(this.#folder, said.toString('utf8', 0, end))) {
        socket.destroy()
        return
      }
      socket.pause()
      socket.unshift(said.subarray(end + 1))
      welcome()
    }
    const leave = (): void => {
      clearTimeout(timer)
      socket.off('data', hear)
      this.#waiting.delete(socket)
    }
    socket.on('data', hear)
    socket.once('close', leave)
  }

  /** Nobody is let in any more. */
  close(): void {
    for (const socket of this.#waiting) socket.destroy()
  }
}
