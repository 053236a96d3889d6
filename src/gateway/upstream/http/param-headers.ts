import { isObject, isString, members, type Span, sourceOf, textOf } from '../../wire/json-span.ts'
import type { RequestMessage } from '../../wire/message.ts'
import { decodedHeader } from './metadata-headers.ts'

/** A parameter that the tool wants mirrored: the header, and the way to the value in the arguments. */
interface Mirrored {
  readonly header: string
  readonly path: readonly string[]
}

const ANNOTATION = 'x-mcp-header'

/**
 * Which `Mcp-Param-*` header does not say what the arguments say, or null. `toolSource` is the definition as it was
 * listed; of an unknown tool nothing is asked. MCP 2026-07-28, "Server Behavior for Custom Headers".
 */
export function mismatchedParam(
  headers: Headers,
  request: RequestMessage,
  toolSource: string | null,
): string | null {
  if (!toolSource?.includes(ANNOTATION)) return null
  for (const { header, path } of mirroredOf(JSON.parse(toolSource)?.inputSchema, [])) {
    const value = valueAt(request.bytes, request.params.get('arguments'), path)
    if (!isSaid(headers.get(header), request.bytes, value)) return header
  }
  return null
}

/** Only what is reached through `properties` alone counts. */
function mirroredOf(schema: unknown, path: readonly string[]): Mirrored[] {
  const { properties, [ANNOTATION]: name } = asRecord(schema)
  const own = typeof name === 'string' && path.length > 0 ? [{ header: `Mcp-Param-${name}`, path }] : []
  const below = Object.entries(asRecord(properties))
  return [...own, ...below.flatMap(([key, inner]) => mirroredOf(inner, [...path, key]))].filter(isHeaderName)
}

function isHeaderName({ header }: Mirrored): boolean {
  return /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(header)
}

function valueAt(bytes: Uint8Array, span: Span | undefined, path: readonly string[]): Span | null {
  let value = span
  for (const key of path) {
    if (!isObject(bytes, value)) return null
    value = members(bytes, value).get(key)
  }
  return value === undefined || sourceOf(bytes, value) === 'null' ? null : value
}

function isSaid(header: string | null, bytes: Uint8Array, value: Span | null): boolean {
  if (value === null) return header === null
  const said = decodedHeader(header)
  if (said === null) return false
  if (isString(bytes, value)) return said === textOf(bytes, value)
  const source = sourceOf(bytes, value)
  return said === source || (/^-?[\d.eE+-]+$/.test(said) && isSameNumber(Number(said), Number(source)))
}

/** Beyond 2^53 two integers that differ may be read as one. */
function isSameNumber(one: number, other: number): boolean {
  return one === other && Math.abs(one) <= Number.MAX_SAFE_INTEGER
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}
