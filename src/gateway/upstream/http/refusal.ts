import { unreadableReply } from '../../rpc-error.ts'
import { encodeError, type RequestMessage } from '../../wire/message.ts'
import { RPC } from '../../wire/rpc-codes.ts'

export const JSON_HEADERS = { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' }

/** An HTTP error with a JSON-RPC error that has no id: the body was not looked at, or nothing can be answered. */
export function refusal(
  status: number,
  message: string,
  { code = RPC.refused as number, headers = {} as Record<string, string> } = {},
): Response {
  return new Response(unreadableReply(null, code, message), {
    status,
    headers: { ...JSON_HEADERS, ...headers },
  })
}

/** An HTTP error with a JSON-RPC error under the id of the request. */
export function refusedRequest(
  request: RequestMessage,
  status: number,
  code: number,
  message: string,
): Response {
  return new Response(encodeError(request, { code, message }), { status, headers: JSON_HEADERS })
}

export function accepted(): Response {
  return new Response(null, { status: 202 })
}
