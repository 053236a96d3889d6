const SHOWN = '[secret]'
/** `inspect.custom` of node:util, which takes half a millisecond to load. */
const INSPECT: unique symbol = Symbol.for('nodejs.util.inspect.custom')

/**
 * Bytes that must not be shown. Every way of printing it gives `[secret]`; `reveal()` is the only way out, so
 * "who can read a secret?" is one search for `reveal(`.
 */
export class Secret {
  #bytes: Uint8Array

  /** Takes the bytes over: `wipe()` clears the array that was passed in. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  static fromText(text: string): Secret {
    return new Secret(new TextEncoder().encode(text))
  }

  get byteLength(): number {
    return this.#bytes.byteLength
  }

  equals(other: Secret): boolean {
    return Buffer.compare(this.#bytes, other.#bytes) === 0
  }

  /** The bytes themselves, not a copy. */
  reveal(): Uint8Array {
    return this.#bytes
  }

  /** Overwrites the bytes with zeros; what has been copied out of them stays (strings cannot be wiped). */
  wipe(): void {
    this.#bytes.fill(0)
  }

  toString(): string {
    return SHOWN
  }

  toJSON(): string {
    return SHOWN
  }

  [INSPECT](): string {
    return SHOWN
  }
}
