/** MCP stdio transport: one JSON message per line, UTF-8, no newline within. */
const NEWLINE = 0x0a
export const MAX_LINE_BYTES = 64 * 1024 * 1024
const KEPT_ENDS = 256
const TURN_MS = 5
const HIGH_WATER_BYTES = 1024 * 1024
const COPIED_BYTES = 64 * 1024
const LINE_END = new Uint8Array([NEWLINE])

/** What is left of a line that was skipped: its first and its last bytes. */
export interface LineEnds {
  readonly head: Uint8Array
  readonly tail: Uint8Array
}

export interface LineSink {
  /** What FileSink of Bun gives: a promise when the pipe is full. The chunk is used again when it returns. */
  write(chunk: Uint8Array): number | Promise<number>
  flush(): number | Promise<number>
  end(): number | Promise<number>
}

/**
 * Reads lines until the stream ends or fails. A chunk is not read before `onLine` has finished with the last, so a
 * slow reader behind it slows down the writer in front (back-pressure). A line over `maxBytes` is skipped to its
 * newline and then reported by `onTooLong`; the stream goes on. Gives what came after the last newline.
 */
export async function readLines(
  stream: ReadableStream<Uint8Array>,
  onLine: (line: Uint8Array) => void | Promise<void>,
  onTooLong: (ends: LineEnds) => void,
  maxBytes = MAX_LINE_BYTES,
): Promise<Uint8Array | null> {
  const splitter = new LineSplitter(maxBytes, onTooLong)
  // measured: `for await` takes a fifth off the calls per second
  const reader = stream.getReader()
  let turnStarted = performance.now()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return splitter.rest()
    for (const line of splitter.push(value)) {
      const pending = onLine(line)
      if (pending !== undefined) await pending
      if (performance.now() - turnStarted >= TURN_MS) turnStarted = await nextTurn()
    }
    if (performance.now() - turnStarted >= TURN_MS) turnStarted = await nextTurn()
  }
}

/** A stream that never runs dry would let nothing else have its turn. */
async function nextTurn(): Promise<number> {
  await new Promise<void>((resolve) => setImmediate(resolve))
  return performance.now()
}

/** Cuts at newline bytes, so that a character split between two chunks stays whole. */
export class LineSplitter {
  #parts: Uint8Array[] = []
  #size = 0
  #isSkipping = false
  #head: Uint8Array = new Uint8Array(0)
  #tail: Uint8Array = new Uint8Array(0)
  readonly #maxBytes: number
  readonly #onTooLong: (ends: LineEnds) => void

  constructor(maxBytes: number, onTooLong: (ends: LineEnds) => void) {
    this.#maxBytes = maxBytes
    this.#onTooLong = onTooLong
  }

  push(chunk: Uint8Array): Uint8Array[] {
    const lines: Uint8Array[] = []
    let from = 0
    for (let newline = chunk.indexOf(NEWLINE); newline !== -1; newline = chunk.indexOf(NEWLINE, from)) {
      const line = this.#complete(chunk.subarray(from, newline))
      from = newline + 1
      if (line !== null && !isBlank(line)) lines.push(line)
    }
    if (from < chunk.length) this.#keep(chunk.subarray(from))
    return lines
  }

  /** What came after the last newline, once the stream has ended. */
  rest(): Uint8Array | null {
    const line = this.#complete(new Uint8Array(0))
    return line === null || isBlank(line) ? null : line
  }

  #complete(end: Uint8Array): Uint8Array | null {
    this.#keep(end)
    const line = this.#isSkipping ? null : this.#parts.length === 1 ? end : Buffer.concat(this.#parts)
    if (this.#isSkipping) this.#onTooLong({ head: this.#head, tail: this.#tail })
    this.#parts = []
    this.#size = 0
    this.#isSkipping = false
    return line
  }

  #keep(part: Uint8Array): void {
    if (this.#isSkipping) {
      this.#tail = Buffer.concat([this.#tail, part.subarray(-KEPT_ENDS)]).subarray(-KEPT_ENDS)
      return
    }
    this.#parts.push(part)
    this.#size += part.length
    if (this.#size <= this.#maxBytes) return
    this.#isSkipping = true
    this.#head = Buffer.concat(this.#parts.slice(0, 2)).subarray(0, KEPT_ENDS).slice()
    this.#tail = part.slice(-KEPT_ENDS)
    this.#parts = []
  }
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

function isBlank(line: Uint8Array): boolean {
  return line.every((byte) => byte <= 0x20)
}
