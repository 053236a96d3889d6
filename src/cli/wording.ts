const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** For people: `just now` (also when the clock went back), `5 min ago`, `3 h ago`, `1 day ago`. */
export function ageOf(thenMs: number, nowMs: number): string {
  const age = nowMs - thenMs
  if (!(age >= MINUTE_MS)) return 'just now'
  if (age < HOUR_MS) return `${Math.floor(age / MINUTE_MS)} min ago`
  if (age < DAY_MS) return `${Math.floor(age / HOUR_MS)} h ago`
  const days = Math.floor(age / DAY_MS)
  return days === 1 ? '1 day ago' : `${days} days ago`
}

/** `1 scope`, `2 scopes`. */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`
}

/** A hybrid recipient has about 2,000 characters. */
export function shortRecipient(recipient: string): string {
  return recipient.length <= 80 ? recipient : `${recipient.slice(0, 60)}…`
}
