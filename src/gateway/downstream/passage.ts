import { log } from '../../base/index.ts'
import type { Server } from '../../config/index.ts'
import type { LeakGuard } from '../guard/leak-guard.ts'
import { type Message, readMessage } from '../wire/message.ts'

/** The lines of one server on their way past the leak guard. */
export class Passage {
  readonly #server: Server
  readonly #guard: LeakGuard
  #junkLines = 0

  constructor(server: Server, guard: LeakGuard) {
    this.#server = server
    this.#guard = guard
  }

  /** Names the value in a line for the server that it does not hold; null when there is none. */
  foreignIn(line: Uint8Array): string | null {
    return this.#guard.toServer(this.#server.id, this.#server.authScope, line)
  }

  /**
   * What the server says, without values. Null when there is nothing to go on with: it is no message, or it has a value
   * in a place where nothing can stand instead, which `onHeldBack` is told.
   */
  fromServer(line: Uint8Array, onHeldBack: (message: Message) => void): Message | null {
    let message: Message
    try {
      message = readMessage(line)
    } catch {
      this.#reportJunk()
      return null
    }
    const clean = this.#guard.fromServer(this.#server.id, line)
    if (clean !== null) return clean === line ? message : readMessage(clean)
    onHeldBack(message)
    return null
  }

  #reportJunk(): void {
    if (++this.#junkLines === 1)
      log.warn(`${this.#server.id} writes lines to stdout that are not JSON-RPC; skipped`)
  }
}
