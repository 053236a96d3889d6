import { NEWLINE } from './framing.ts'

const HIGH_WATER_BYTES = 1024 * 1024
const COPIED_BYTES = 64 * 1024
const LINE_END = new Uint8Array([NEWLINE])

export interface LineSink {
  /** What FileSink of Bun gives: a promise when the pipe is full. The chunk is used again when it returns. */
  write(chunk: Uint8Array): number | Promise<number>
  flush(): number | Promise<number>
  end(): number | Promise<number>
}

/**
 * Writes lines in order. Lines of one turn of the event loop leave in one system call. `write` returns a promise
 * once more than `HIGH_WATER_BYTES` wait to be read by the other side; whoever produces lines must await it, or
 * memory grows without limit.
 */
export class LineWriter {
  readonly #sink: LineSink
  readonly #onBroken: () => void
  readonly #buffer = new Uint8Array(COPIED_BYTES)
  #collected = 0
  #queuedBytes = 0
  #unflushedBytes = 0
  #flushing: Promise<void> | null = null
  readonly #waiting: (() => void)[] = []
  #isClosed = false

  constructor(sink: LineSink, onBroken: () => void) {
    this.#sink = sink
    this.#onBroken = onBroken
  }

  write(line: Uint8Array): void | Promise<void> {
    if (this.#isClosed) return
    this.#queuedBytes += line.length + 1
    this.#unflushedBytes += line.length + 1
    this.#collect(line)
    this.#flushing ??= this.#flush()
    return this.room()
  }

  /** Lines of one turn are put together: a write costs more than a copy, but for a long line. */
  #collect(line: Uint8Array): void {
    const size = line.length + 1
    if (this.#collected + size > this.#buffer.length) this.#pass()
    if (size > this.#buffer.length) {
      this.#give(line)
      this.#give(LINE_END)
      return
    }
    this.#buffer.set(line, this.#collected)
    this.#buffer[this.#collected + line.length] = NEWLINE
    this.#collected += size
  }

  #pass(): void {
    if (this.#collected === 0) return
    this.#give(this.#buffer.subarray(0, this.#collected))
    this.#collected = 0
  }

  #give(part: Uint8Array): void {
    try {
      const written = this.#sink.write(part)
      // a sink that was ended gives neither a number nor a promise
      if (written instanceof Promise) written.catch(() => this.#break())
    } catch {
      this.#break()
    }
  }

  /** A promise while more than `HIGH_WATER_BYTES` wait to be read; it resolves when there is room again. */
  room(): void | Promise<void> {
    if (this.#queuedBytes <= HIGH_WATER_BYTES || this.#isClosed) return
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** Resolves when all that was written has left, or the other side is gone. */
  async end(): Promise<void> {
    if (this.#isClosed) return
    this.#pass()
    this.#isClosed = true
    try {
      await this.#sink.end()
    } catch {
      this.#onBroken()
    }
  }

  async #flush(): Promise<void> {
    await Promise.resolve()
    // an earlier flush may still be waiting: its bytes are its own
    this.#pass()
    const flushedBytes = this.#unflushedBytes
    this.#unflushedBytes = 0
    this.#flushing = null
    try {
      await this.#sink.flush()
    } catch {
      this.#break()
    }
    this.#queuedBytes -= flushedBytes
    if (this.#queuedBytes <= HIGH_WATER_BYTES) this.#wake()
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }

  #break(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#wake()
    this.#onBroken()
  }
}
