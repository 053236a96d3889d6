import { isMcplexerError, log } from '../../base/index.ts'
import { encodeError, encodeMessage, encodeResult, type RequestMessage } from '../wire/message.ts'

/** JSON-RPC 2.0, section 5.1. */
export const RPC = {
  parseError: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internalError: -32603,
} as const

export function errorReply(request: RequestMessage, code: number, message: string): Uint8Array {
  return encodeError(request, { code, message })
}

/** For a line in which no id could be read. JSON-RPC 2.0, section 5. */
export function unreadableReply(code: number, message: string): Uint8Array {
  return encodeMessage({ id: null, error: { code, message } })
}

/** "Denied" and "does not exist" read the same. MCP 2025-11-25, "Tools: Error Handling". */
export function unknownTool(request: RequestMessage, name: string): Uint8Array {
  return errorReply(request, RPC.invalidParams, `Unknown tool: ${name}`)
}

/** A failure of the gateway's own in the call of a known tool: a result, so that the model can read what to do. */
export function failedCall(request: RequestMessage, error: unknown): Uint8Array {
  const result = { content: [{ type: 'text', text: publicWording(error) }], isError: true }
  return encodeResult(request, JSON.stringify(result))
}

/** A failure outside of a tool call. */
export function failedRequest(request: RequestMessage, error: unknown): Uint8Array {
  return errorReply(request, RPC.internalError, publicWording(error))
}

/** What may be said to a client: our own words with the hint, and nothing of an unexpected error. */
export function publicWording(error: unknown): string {
  if (!isMcplexerError(error)) {
    log.error(`unexpected ${error instanceof Error ? error.name : 'error'} while serving a request`)
    return 'mcplexer: internal error'
  }
  return error.hint === undefined
    ? `mcplexer: ${error.message}`
    : `mcplexer: ${error.message}\nhint: ${error.hint}`
}
