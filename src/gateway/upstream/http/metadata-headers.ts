import { type RequestMessage, textParam } from '../../wire/message.ts'

/**
 * Methods whose subject stands in `Mcp-Name`, and the parameter it mirrors: those of MCP itself, and the tasks of
 * SEP-2663, "Streamable HTTP: Routing Headers".
 */
const NAMED: ReadonlyMap<string, string> = new Map([
  ['tools/call', 'name'],
  ['prompts/get', 'name'],
  ['resources/read', 'uri'],
  ['tasks/get', 'taskId'],
  ['tasks/update', 'taskId'],
  ['tasks/cancel', 'taskId'],
])
const ENCODED = /^=\?base64\?(.*)\?=$/
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/
/** Visible ASCII, space and tab. RFC 9110, section 5.5, as MCP narrows it. */
const PLAIN = /^[\t\x20-\x7e]*$/

/**
 * Which header does not say what the body says, or null. Whoever decided on the headers before us must have decided
 * on what is done. `version` is the one of the body. MCP 2026-07-28, "Request Metadata".
 */
export function mismatchedHeader(headers: Headers, request: RequestMessage, version: string): string | null {
  if (headers.get('MCP-Protocol-Version') !== version) return 'MCP-Protocol-Version'
  if (headers.get('Mcp-Method') !== request.method) return 'Mcp-Method'
  const named = NAMED.get(request.method)
  const subject = named === undefined ? null : textParam(request, named)
  return subject !== null && decodedHeader(headers.get('Mcp-Name')) !== subject ? 'Mcp-Name' : null
}

/** The text that a header stands for; null when it is missing or not as "Value Encoding" asks. */
export function decodedHeader(value: string | null): string | null {
  if (value === null || !PLAIN.test(value)) return null
  const encoded = ENCODED.exec(value)?.[1]
  if (encoded === undefined) return value
  return BASE64.test(encoded) ? decodedUtf8(Buffer.from(encoded, 'base64')) : null
}

function decodedUtf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return null
  }
}
