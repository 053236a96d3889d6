import { isObject, isString, members, type Span, textOf, trimmed } from '../wire/json-span.ts'
import { KnownNames } from '../wire/known-names.ts'

/** What of a tool a model goes by. */
export const PINNED = ['name', 'title', 'description', 'inputSchema', 'outputSchema', 'annotations']
const encoder = new TextEncoder()
const MEMBERS = new KnownNames([...PINNED, 'uri', 'uriTemplate'])

/** The text under `member` of an item; null when there is none, or the item is no object, or has a double of one. */
export function keyIn(source: string, member: string): string | null {
  const bytes = encoder.encode(source)
  const span = keySpanIn(bytes, member)
  return span === null ? null : textOf(bytes, span)
}

/** Where it stands. */
export function keySpanIn(bytes: Uint8Array, member: string): Span | null {
  try {
    const whole = trimmed(bytes)
    if (!isObject(bytes, whole)) return null
    const found = members(bytes, whole)
    const key = found.get(member)
    return isString(bytes, key) && !MEMBERS.haveDouble(found.keys()) ? key : null
  } catch {
    return null
  }
}
