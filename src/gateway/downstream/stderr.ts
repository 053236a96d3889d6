import { log } from '../../base/index.ts'
import { readLines } from '../wire/framing.ts'

const MAX_LINE_BYTES = 8 * 1024
const LINES_PER_SECOND = 200
const KEPT_LINES = 20
const decoder = new TextDecoder()

/**
 * What a server says on stderr: each line goes to ours as `github | …`, and the last ones are kept for the error
 * of a failed start. Injected values are masked and control characters escaped before either.
 */
export class ServerStderr {
  readonly #label: string
  readonly #mask: (text: string) => string
  readonly #lastLines: string[] = []
  #windowStartMs = 0
  #linesInWindow = 0

  constructor(label: string, mask: (text: string) => string) {
    this.#label = label
    this.#mask = mask
  }

  async read(stream: ReadableStream<Uint8Array>): Promise<void> {
    const tooLong = () => this.#take('[a line over 8 KiB was left out]')
    try {
      const rest = await readLines(stream, (line) => this.#take(decoder.decode(line)), tooLong, MAX_LINE_BYTES)
      if (rest !== null) this.#take(decoder.decode(rest))
    } catch {
      log.debug(`stderr of ${this.#label} ended early`)
    }
  }

  /** At most the last 20 lines, masked and escaped, each marked as the server's own: none can look like one of ours. */
  lastLines(): string {
    return this.#lastLines.map((line) => `${this.#label} | ${line}`).join('\n')
  }

  #take(raw: string): void {
    // again behind it: what is left out may have stood within a value
    const line = this.#mask(escapeControls(this.#mask(raw)))
    this.#lastLines.push(line)
    if (this.#lastLines.length > KEPT_LINES) this.#lastLines.shift()
    if (this.#isWithinRate()) log.line(`${this.#label} | ${line}`)
  }

  #isWithinRate(): boolean {
    const now = performance.now()
    if (now - this.#windowStartMs >= 1000) {
      const dropped = this.#linesInWindow - LINES_PER_SECOND
      if (dropped > 0)
        log.line(`${this.#label} | [${dropped} lines left out: more than ${LINES_PER_SECOND} a second]`)
      this.#windowStartMs = now
      this.#linesInWindow = 0
    }
    return ++this.#linesInWindow <= LINES_PER_SECOND
  }
}

/** Terminal control, bidi and zero-width characters must not reach the user's terminal; a tab is harmless. */
function escapeControls(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, (control) => {
    if (control === '\t') return control
    return control === '\r' ? '' : `\\u{${control.codePointAt(0)?.toString(16)}}`
  })
}
