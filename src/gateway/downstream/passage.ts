import { log } from '../../base/index.ts'
import type { Server } from '../../config/index.ts'
import type { LeakGuard } from '../guard/leak-guard.ts'
import { type Message, readMessage, splitBatch } from '../wire/message.ts'
import { refusedIn } from '../wire/refused.ts'

/** The lines of one server on their way past the leak guard. */
export class Passage {
  readonly #server: Server
  readonly #guard: LeakGuard
  #junkLines = 0

  constructor(server: Server, guard: LeakGuard) {
    this.#server = server
    this.#guard = guard
  }

  /**
   * The messages of a line: one, or several in a batch, which servers of MCP 2025-03-26 may write. In order; the next
   * one only when `onMessage` is done with the last.
   */
  each(line: Uint8Array, onMessage: (line: Uint8Array) => void | Promise<void>): void | Promise<void> {
    const batch = this.#batchIn(line)
    return batch === null ? onMessage(line) : inOrder(batch, onMessage)
  }

  /** Names the value in a line for the server that it does not hold; null when there is none. */
  foreignIn(line: Uint8Array): string | null {
    return this.#guard.toServer(this.#server.id, this.#server.authScope, line)
  }

  /**
   * What the server says, without values. Null when there is nothing to go on with: it is no message, or it has a value
   * in a place where nothing can stand instead, which `onHeldBack` is told. `onRefused`: it was the reply to this id.
   */
  fromServer(
    line: Uint8Array,
    onHeldBack: (message: Message) => void,
    onRefused: (id: string) => void,
  ): Message | null {
    let message: Message
    try {
      message = readMessage(line)
    } catch {
      const refused = refusedIn(line)
      if (refused?.kind === 'response') onRefused(refused.id)
      else this.#reportJunk()
      return null
    }
    const clean = this.#guard.fromServer(this.#server.id, line)
    if (clean !== null) return clean === line ? message : readMessage(clean)
    onHeldBack(message)
    return null
  }

  #batchIn(line: Uint8Array): Uint8Array[] | null {
    try {
      return splitBatch(line)
    } catch {
      this.#reportJunk()
      return []
    }
  }

  #reportJunk(): void {
    if (++this.#junkLines === 1)
      log.warn(`${this.#server.id} writes lines to stdout that are not JSON-RPC; skipped`)
  }
}

async function inOrder(
  batch: readonly Uint8Array[],
  onMessage: (line: Uint8Array) => void | Promise<void>,
): Promise<void> {
  for (const part of batch) await onMessage(part)
}
