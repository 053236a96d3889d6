/** Time as the rest of the program sees it; tests pass their own. */
export interface Clock {
  /** Milliseconds since 1970, as `Date.now()`. May go backwards: never use it to measure a duration. */
  nowMs(): number
  sleep(ms: number): Promise<void>
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
}
