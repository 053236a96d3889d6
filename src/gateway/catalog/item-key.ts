import { isObject, isString, members, type Span, textOf, trimmed } from '../wire/json-span.ts'

const encoder = new TextEncoder()

/** The text under `member` of an item; null when there is none, or the item is no object. */
export function keyIn(source: string, member: string): string | null {
  const bytes = encoder.encode(source)
  try {
    const whole = trimmed(bytes)
    const key: Span | undefined = isObject(bytes, whole) ? members(bytes, whole).get(member) : undefined
    return isString(bytes, key) ? textOf(bytes, key) : null
  } catch {
    return null
  }
}
