import { GatewayError } from '../gateway-error.ts'

const FIRST_WAIT_MS = 1000
const LONGEST_WAIT_MS = 60_000
const SHORT_LIFE_MS = 10_000

/** After a failed start the next one has to wait: 1 s, doubling to 60. Calls in between fail at once. */
export class BackOff {
  readonly #serverId: string
  readonly #nowMs: () => number
  #failures = 0
  #failedAtMs = 0
  #shortLives = 0

  /** `nowMs` must never go backwards. */
  constructor(serverId: string, nowMs: () => number) {
    this.#serverId = serverId
    this.#nowMs = nowMs
  }

  /** Throws SERVER_BACKING_OFF while the wait lasts. */
  check(): void {
    const waitMs = this.#waitMs() - (this.#nowMs() - this.#failedAtMs)
    if (this.#failures === 0 || waitMs <= 0) return
    const seconds = Math.ceil(waitMs / 1000)
    throw new GatewayError(
      'SERVER_BACKING_OFF',
      `server ${this.#serverId} failed and rests for ${seconds} s more`,
      {
        hint: 'call again then; `mcplexer tools list --refresh` shows why it fails',
      },
    )
  }

  failed(): void {
    this.#failures++
    this.#failedAtMs = this.#nowMs()
  }

  succeeded(): void {
    this.#failures = 0
  }

  /** Until a server that has ended is brought back unasked: at once, but after one short life behind another. */
  waitAfterLife(livedMs: number): number {
    this.#shortLives = livedMs < SHORT_LIFE_MS ? this.#shortLives + 1 : 0
    return this.#shortLives < 2 ? 0 : doubled(this.#shortLives - 1)
  }

  #waitMs(): number {
    return doubled(this.#failures)
  }
}

function doubled(times: number): number {
  return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (times - 1))
}
