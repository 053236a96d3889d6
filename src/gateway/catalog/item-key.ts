import { isObject, isString, members, type Span, textOf, trimmed } from '../wire/json-span.ts'

const encoder = new TextEncoder()

/** The text under `member` of an item; null when there is none, or the item is no object. */
export function keyIn(source: string, member: string): string | null {
  const bytes = encoder.encode(source)
  const span = keySpanIn(bytes, member)
  return span === null ? null : textOf(bytes, span)
}

/** Where it stands. */
export function keySpanIn(bytes: Uint8Array, member: string): Span | null {
  try {
    const whole = trimmed(bytes)
    const key = isObject(bytes, whole) ? members(bytes, whole).get(member) : undefined
    return isString(bytes, key) ? key : null
  } catch {
    return null
  }
}
