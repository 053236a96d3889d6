const ETX = 0x03
const EOT = 0x04
const LF = 0x0a
const CR = 0x0d
const CTRL_U = 0x15
const ESC = 0x1b
const BACKSPACES = new Set([0x08, 0x7f])
const PASTE_STARTS = '[200~'
const PASTE_ENDS = '[201~'
/** Longer ones do not exist: what follows is text again. */
const LONGEST_SEQUENCE = 16

type LineState = 'more' | 'done' | 'cancelled'

/**
 * Pure: the bytes that a raw terminal sends, as one line that nobody sees. Understood are Enter, Backspace, Ctrl-U,
 * Ctrl-C, Ctrl-D and bracketed paste; arrows and other keys are dropped rather than put into the value. A pasted text
 * of several lines is taken whole; a line break behind a single pasted line is a slip of the copying and goes.
 */
export class HiddenLine {
  #bytes = new Uint8Array(256)
  #length = 0
  #pasteStart = 0
  #isPasting = false
  #lastWasCr = false
  /** The escape sequence that is being read, without its ESC. */
  #sequence: string | null = null

  /** Takes one byte. After `done` comes `take`, after `cancelled` `wipe`. */
  feed(byte: number): LineState {
    if (this.#sequence !== null) return this.#feedSequence(byte)
    if (byte === ESC) this.#sequence = ''
    else if (this.#isPasting) this.#append(byte)
    else return this.#feedKey(byte)
    return 'more'
  }

  /** The bytes, which from now on are the caller's to wipe. */
  take(): Uint8Array {
    const taken = this.#bytes.slice(0, this.#length)
    this.wipe()
    return taken
  }

  get lineCount(): number {
    const bytes = this.#bytes.subarray(0, this.#length)
    return bytes.reduce((count, byte) => count + (byte === LF ? 1 : 0), bytes.at(-1) === LF ? 0 : 1)
  }

  wipe(): void {
    this.#bytes.fill(0)
    this.#length = 0
  }

  #feedKey(byte: number): LineState {
    if (byte === ETX || (byte === EOT && this.#length === 0)) return 'cancelled'
    if (byte === CR || byte === LF || byte === EOT) return 'done'
    if (byte === CTRL_U) this.wipe()
    else if (BACKSPACES.has(byte)) this.#removeCharacter()
    else if (byte >= 0x20 || byte === 0x09) this.#append(byte)
    return 'more'
  }

  /** CSI (`ESC [ … letter or ~`), SS3 (`ESC O letter`), or Alt with a key. */
  #feedSequence(byte: number): LineState {
    if (byte === ETX && !this.#isPasting) return 'cancelled'
    const sequence = `${this.#sequence}${String.fromCharCode(byte)}`
    const isComplete = /^(\[[0-9;?<=>]*[@-~]|O.|[^[O])$/s.test(sequence)
    if (!isComplete && sequence.length < LONGEST_SEQUENCE) this.#sequence = sequence
    else this.#endSequence(sequence)
    return 'more'
  }

  #endSequence(sequence: string): void {
    this.#sequence = null
    if (sequence === PASTE_STARTS && !this.#isPasting) {
      this.#isPasting = true
      this.#pasteStart = this.#length
    } else if (sequence === PASTE_ENDS && this.#isPasting) {
      this.#isPasting = false
      this.#dropSlip()
    } else if (this.#isPasting) {
      for (const byte of [ESC, ...Buffer.from(sequence, 'latin1')]) this.#append(byte)
    }
  }

  /** Terminals paste a line break as CR, some as CR LF. */
  #append(byte: number): void {
    const isSecondOfBreak = byte === LF && this.#lastWasCr
    this.#lastWasCr = byte === CR
    if (isSecondOfBreak) return
    if (this.#length === this.#bytes.length) this.#grow()
    this.#bytes[this.#length++] = byte === CR ? LF : byte
  }

  #dropSlip(): void {
    const pasted = this.#bytes.subarray(this.#pasteStart, this.#length)
    if (pasted.length > 0 && pasted.indexOf(LF) === pasted.length - 1) this.#length--
  }

  #removeCharacter(): void {
    const isContinuation = (byte: number | undefined): boolean =>
      byte !== undefined && byte >= 0x80 && byte < 0xc0
    while (this.#length > 1 && isContinuation(this.#bytes[this.#length - 1])) this.#length--
    if (this.#length > 0) this.#length--
  }

  #grow(): void {
    const larger = new Uint8Array(this.#bytes.length * 2)
    larger.set(this.#bytes)
    this.#bytes.fill(0)
    this.#bytes = larger
  }
}
