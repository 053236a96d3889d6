const BLOCK = 3
const TABLE = 65_536
/** `[38;5;196m` */
const LONGEST_CODE = 16
const NONE: readonly Pattern[] = []

export interface Pattern {
  readonly bytes: Uint8Array
  /** Position of the value in the caller's list. */
  readonly value: number
  /** Not within a longer word: `letters` takes `_` for the end of one. */
  readonly isWord: 'no' | 'letters' | 'name'
}

export interface Hit {
  readonly start: number
  readonly end: number
  readonly value: number
}

/**
 * Finds many patterns in one pass, skipping ahead by blocks of three bytes. Sun Wu, Udi Manber: "A Fast Algorithm for
 * Multi-Pattern Searching" (1994). Measured on 1 MiB with 50 secrets in all their forms: a tenth of Aho–Corasick.
 */
export class Matcher {
  /** Bytes of the longest pattern. */
  readonly longest: number
  readonly #window: number
  readonly #shifts = new Uint8Array(TABLE)
  readonly #buckets = new Map<number, Pattern[]>()

  /** Each pattern has at least three bytes. */
  constructor(patterns: readonly Pattern[]) {
    this.longest = Math.max(...patterns.map(({ bytes }) => bytes.length))
    this.#window = Math.min(255, ...patterns.map(({ bytes }) => bytes.length))
    this.#shifts.fill(this.#window - BLOCK + 1)
    for (const pattern of patterns) this.#add(pattern)
  }

  /** Whether anything matches, words or not. */
  hasHit(bytes: Uint8Array): boolean {
    return this.#next(bytes, 0, (patterns, start) => patterns.some((each) => isAt(bytes, start, each))) !== -1
  }

  /** Every hit, the longest at each place; they may overlap. */
  hits(bytes: Uint8Array): Hit[] {
    const found: Hit[] = []
    this.#next(bytes, 0, (patterns, start) => {
      const fitting = patterns.filter((each) => isAt(bytes, start, each) && isAllowed(bytes, start, each))
      const longest = fitting.reduce<Pattern | null>(
        (best, each) => (best === null || each.bytes.length > best.bytes.length ? each : best),
        null,
      )
      if (longest !== null) found.push({ start, end: start + longest.bytes.length, value: longest.value })
      return false
    })
    return found
  }

  /** Goes on until `visit` says so; gives where that was, or -1. */
  #next(
    bytes: Uint8Array,
    from: number,
    visit: (patterns: readonly Pattern[], start: number) => boolean,
  ): number {
    const window = this.#window
    const shifts = this.#shifts
    for (let last = from + window - 1; last < bytes.length; ) {
      const block = hash(bytes[last - 2] as number, bytes[last - 1] as number, bytes[last] as number)
      const shift = shifts[block] as number
      if (shift > 0) {
        last += shift
        continue
      }
      const start = last - window + 1
      if (visit(this.#buckets.get(block) ?? NONE, start)) return start
      last++
    }
    return -1
  }

  #add(pattern: Pattern): void {
    const window = this.#window
    for (let last = BLOCK - 1; last < window; last++) {
      const block = hash(
        pattern.bytes[last - 2] as number,
        pattern.bytes[last - 1] as number,
        pattern.bytes[last] as number,
      )
      this.#shifts[block] = Math.min(this.#shifts[block] as number, window - 1 - last)
      if (last === window - 1) this.#buckets.set(block, [...(this.#buckets.get(block) ?? NONE), pattern])
    }
  }
}

function hash(first: number, second: number, third: number): number {
  return ((first << 10) ^ (second << 5) ^ third) & (TABLE - 1)
}

function isAt(bytes: Uint8Array, start: number, { bytes: wanted }: Pattern): boolean {
  if (start + wanted.length > bytes.length) return false
  for (let at = 0; at < wanted.length; at++) if (bytes[start + at] !== wanted[at]) return false
  return true
}

function isAllowed(bytes: Uint8Array, start: number, { bytes: wanted, isWord }: Pattern): boolean {
  if (isWord === 'no') return true
  if (isWordByte(bytes[start + wanted.length], isWord)) return false
  return !isWordByte(bytes[start - 1], isWord) || isTerminalCode(bytes, start)
}

function isWordByte(byte = 0, isWord: Pattern['isWord']): boolean {
  return (
    (byte >= 0x30 && byte <= 0x39) ||
    (byte >= 0x41 && byte <= 0x5a) ||
    (byte >= 0x61 && byte <= 0x7a) ||
    (byte === 0x5f && isWord === 'name')
  )
}

/** `[31m`, with or without what stands before: the letter belongs to no word. */
function isTerminalCode(bytes: Uint8Array, end: number): boolean {
  let at = end - 2
  const earliest = end - LONGEST_CODE
  while (at > earliest && (((bytes[at] ?? 0) >= 0x30 && (bytes[at] ?? 0) <= 0x39) || bytes[at] === 0x3b)) at--
  return bytes[at] === 0x5b && (bytes[end - 1] ?? 0) >= 0x41
}
