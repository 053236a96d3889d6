/** Of a parsed JSON value: what is written the same for equal JSON, however its members are ordered, and only then. */
export function canonicalJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonicalJson)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  // a list of pairs alone would be the same as an array of pairs
  return { members: entries.map(([name, inner]) => [name, canonicalJson(inner)]) }
}
