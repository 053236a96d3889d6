import type { Reading } from './reading.ts'

/** The shortest value has as many. */
const MIN_ITEMS = 8
/** Of what is kept of an item: its length, and what it says in hexadecimal and in decimal. */
const LENGTH_SHIFT = 16
const HEX_SHIFT = 8

/** The lists of a text, one behind the other: where each item stands, and which byte it is. */
export class Lists {
  #size = 0
  #starts = new Uint32Array(64)
  #items = new Uint32Array(64)
  /** Where the list that is being read begins. */
  #from = 0

  /** The byte in each base; 0: it is none. */
  add(start: number, end: number, hex: number, decimal: number): void {
    if (this.#size === this.#starts.length) this.#grow()
    this.#starts[this.#size] = start
    this.#items[this.#size++] = ((end - start) << LENGTH_SHIFT) | (hex << HEX_SHIFT) | decimal
  }

  /** What comes next is no part of the list; one that is too short is forgotten, behind others a NUL stands. */
  end(): void {
    if (this.#size - this.#from < MIN_ITEMS) this.#size = this.#from
    else {
      this.add(0, 0, 0, 0)
      this.#from = this.#size
    }
  }

  /** One for each base. */
  readings(text: Reading): Reading[] {
    if (this.#size === 0) return []
    return [HEX_SHIFT, 0].map((shift) => ({
      bytes: this.#bytes(shift),
      spanOf: (start, end) => text.spanOf(this.#starts[start] ?? 0, this.#endOf(end - 1)),
    }))
  }

  #bytes(shift: number): Uint8Array {
    const bytes = new Uint8Array(this.#size)
    for (let at = 0; at < bytes.length; at++) bytes[at] = (this.#items[at] as number) >> shift
    return bytes
  }

  #endOf(item: number): number {
    return (this.#starts[item] ?? 0) + ((this.#items[item] ?? 0) >>> LENGTH_SHIFT)
  }

  #grow(): void {
    this.#starts = doubled(this.#starts)
    this.#items = doubled(this.#items)
  }
}

function doubled(full: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(2 * full.length)
  larger.set(full)
  return larger
}
