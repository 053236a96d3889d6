import { isMcplexerError, log } from '../base/index.ts'
import type { Era } from './eras/client.ts'
import { publicWording } from './public-wording.ts'
import { encodeError, encodeResult, type RequestMessage, textParam } from './wire/message.ts'
import { RPC } from './wire/rpc-codes.ts'

export function errorReply(request: RequestMessage, code: number, message: string, data?: object): Uint8Array {
  return encodeError(request, { code, message, ...(data === undefined ? {} : { data }) })
}

/** For a line that is no message that we take; `idSource` is JSON, null when no id is known. JSON-RPC 2.0, section 5. */
export function unreadableReply(idSource: string | null, code: number, message: string): Uint8Array {
  return new TextEncoder().encode(
    `{"jsonrpc":"2.0","id":${idSource},"error":${JSON.stringify({ code, message })}}`,
  )
}

/** For a line that was skipped; `idSource` is JSON. */
export function skippedReply(idSource: string | null): Uint8Array {
  return unreadableReply(idSource, RPC.invalidRequest, 'mcplexer: a message over 64 MiB was not read')
}

export function methodNotFound(request: RequestMessage): Uint8Array {
  return errorReply(request, RPC.methodNotFound, 'Method not found')
}

/** MCP 2026-07-28, "Error Codes": what the client would have had to declare. */
export function missingExtension(request: RequestMessage, name: string): Uint8Array {
  const data = { requiredCapabilities: { extensions: { [name]: {} } } }
  return errorReply(request, RPC.capabilityMissing, 'Missing required client capability', data)
}

/** "Denied" and "does not exist" read the same. */
export function notThere(request: RequestMessage, era: Era): Uint8Array {
  const name = textParam(request, 'name')
  const uri = textParam(request, 'uri')
  switch (request.method) {
    case 'tools/call':
      return errorReply(request, RPC.invalidParams, `Unknown tool: ${name ?? '(params.name must be a string)'}`)
    case 'prompts/get':
      return errorReply(
        request,
        RPC.invalidParams,
        `Unknown prompt: ${name ?? '(params.name must be a string)'}`,
      )
    case 'completion/complete':
      return errorReply(request, RPC.invalidParams, 'Unknown reference')
    case 'resources/read':
    case 'resources/subscribe':
    case 'resources/unsubscribe': {
      const code = era === 'legacy' ? RPC.resourceNotFound : RPC.invalidParams
      return errorReply(request, code, 'Resource not found', { uri })
    }
    default:
      return textParam(request, 'taskId') === null
        ? methodNotFound(request)
        : errorReply(request, RPC.invalidParams, 'Unknown task')
  }
}

/**
 * A failure of the gateway's own. In the call of a known tool it is a result, so that the model can read what to do;
 * but a `requestState` that is none is the client's mistake.
 */
export function failedCall(request: RequestMessage, error: unknown, era: Era): Uint8Array {
  if (isMcplexerError(error, 'CALL_STATE_UNKNOWN')) return errorReply(request, RPC.invalidParams, error.message)
  if (request.method !== 'tools/call') return failedRequest(request, error)
  logUnexpected(error)
  const result = { content: [{ type: 'text', text: publicWording(error) }], isError: true }
  return encodeResult(
    request,
    JSON.stringify(era === 'modern' ? { resultType: 'complete', ...result } : result),
  )
}

/** A failure outside of a tool call. */
export function failedRequest(request: RequestMessage, error: unknown): Uint8Array {
  logUnexpected(error)
  return errorReply(request, RPC.internalError, publicWording(error))
}

function logUnexpected(error: unknown): void {
  if (isMcplexerError(error)) return
  log.error(`unexpected ${error instanceof Error ? error.name : 'error'} while serving a request`)
}
