const MIN_BYTES = 8
const MIN_BITS = 24

/**
 * Whether a value can be told from ordinary text wherever it appears: 8 bytes or more, and not of few different ones.
 * `production` and `changeme` are; `true`, `aaaaaaaa` and `12341234` are not.
 */
export function isGuardable(value: Uint8Array): boolean {
  if (value.length < MIN_BYTES) return false
  const counts = new Map<number, number>()
  for (const byte of value) counts.set(byte, (counts.get(byte) ?? 0) + 1)
  let bits = 0
  for (const count of counts.values()) bits -= count * Math.log2(count / value.length)
  return bits >= MIN_BITS
}
