/**
 * Whether a URI can have come from a template. RFC 6570, with every expression taken as "any characters", which is
 * enough to find whose it is. Gives the length of its literal text, the measure of how narrow it is, or null.
 */
export function templateMatch(template: string, uri: string): number | null {
  const literals = template.split(/\{[^{}]*\}/)
  let at = 0
  for (const [index, literal] of literals.entries()) {
    const isLast = index === literals.length - 1
    const found = index === 0 ? (uri.startsWith(literal) ? 0 : -1) : placeOf(uri, literal, at, isLast)
    if (found === -1) return null
    at = found + literal.length
  }
  return at === uri.length ? literals.join('').length : null
}

function placeOf(uri: string, literal: string, from: number, isLast: boolean): number {
  if (!isLast) return uri.indexOf(literal, from)
  const place = uri.length - literal.length
  return place >= from && uri.endsWith(literal) ? place : -1
}
