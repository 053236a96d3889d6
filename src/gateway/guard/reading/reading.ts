import type { Span } from '../../wire/json-span.ts'

const FEW_BYTES = 16

/** A text in one way of reading it, and where a piece of that stands in the source. */
export interface Reading {
  readonly bytes: Uint8Array
  /** From the first character or escape to the last, each of them whole. */
  spanOf(start: number, end: number): Span
}

/** The source as it is, or a piece of it. */
export function piece(source: Uint8Array, start = 0, end = source.length): Reading {
  return {
    bytes: source.subarray(start, end),
    spanOf: (from, to) => ({ start: start + from, end: start + to }),
  }
}

/** One character for each byte, so that expressions can look at bytes; they do so faster than a loop. */
export function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}

/** Where `byte` stands next; after all of them when nowhere. */
export function nextByte(bytes: Uint8Array, byte: number, from: number): number {
  // many that stand close together are found sooner so
  const near = Math.min(from + FEW_BYTES, bytes.length)
  for (let at = from; at < near; at++) if (bytes[at] === byte) return at
  const at = bytes.indexOf(byte, near)
  return at === -1 ? bytes.length : at
}

/**
 * Makes a reading of another one, from its front to its end, with pieces replaced that never become longer. What is
 * kept on where they stood are two numbers for each piece, not for each byte.
 */
export class Rewriting {
  readonly #source: Reading
  readonly #bytes: Uint8Array
  #size = 0
  /** Of the source, what has been read. */
  #read = 0
  /** Where each piece begins, here and in the source, by turns. */
  #places = new Uint32Array(64)
  #placed = 0

  constructor(source: Reading) {
    this.#source = source
    this.#bytes = new Uint8Array(source.bytes.length)
  }

  /** Keeps what stands before `at`; in place of the `length` bytes from there stands what is `put` next. */
  replace(at: number, length: number): void {
    if (at > this.#read) this.#keepUntil(at)
    this.#place()
    this.#read = at + length
  }

  put(byte: number): void {
    this.#bytes[this.#size++] = byte
  }

  /** A character of 0x80 or above as UTF-8. RFC 3629, section 3. */
  putCharacter(code: number): void {
    const bytes = this.#bytes
    let size = this.#size
    if (code < 0x800) bytes[size++] = 0xc0 | (code >> 6)
    else if (code < 0x10000) {
      bytes[size++] = 0xe0 | (code >> 12)
      bytes[size++] = 0x80 | ((code >> 6) & 0x3f)
    } else {
      bytes[size++] = 0xf0 | (code >> 18)
      bytes[size++] = 0x80 | ((code >> 12) & 0x3f)
      bytes[size++] = 0x80 | ((code >> 6) & 0x3f)
    }
    bytes[size++] = 0x80 | (code & 0x3f)
    this.#size = size
  }

  done(): Reading {
    const { length } = this.#source.bytes
    if (length > this.#read) this.#keepUntil(length)
    this.#place()
    const places = this.#places.subarray(0, this.#placed)
    return {
      bytes: this.#bytes.subarray(0, this.#size),
      spanOf: (start, end) => this.#source.spanOf(sourceOf(places, start).start, sourceOf(places, end - 1).end),
    }
  }

  #keepUntil(at: number): void {
    this.#place()
    const from = this.#source.bytes
    const to = this.#bytes
    let size = this.#size
    if (at - this.#read > 2 * FEW_BYTES) {
      to.set(from.subarray(this.#read, at), size)
      size += at - this.#read
    } else for (let each = this.#read; each < at; each++) to[size++] = from[each] as number
    this.#size = size
    this.#read = at
  }

  #place(): void {
    const placed = this.#placed
    if (placed === this.#places.length) this.#makeRoom()
    this.#places[placed] = this.#size
    this.#places[placed + 1] = this.#read
    this.#placed = placed + 2
  }

  #makeRoom(): void {
    const more = new Uint32Array(2 * this.#placed)
    more.set(this.#places)
    this.#places = more
  }
}

/** What the byte at `at` was made of: itself within a piece that was kept, else all of what was replaced. */
function sourceOf(places: Uint32Array, at: number): Span {
  const piece = pieceAt(places, at)
  const [here = 0, start = 0, nextHere = 0, end = 0] = places.subarray(2 * piece, 2 * piece + 4)
  if (nextHere - here !== end - start) return { start, end }
  return { start: start + at - here, end: start + at - here + 1 }
}

/** The last piece that begins there or before; those of no length lie before it. */
function pieceAt(places: Uint32Array, at: number): number {
  let low = 0
  let high = places.length / 2 - 1
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if ((places[2 * middle] as number) <= at) low = middle
    else high = middle
  }
  return low
}
