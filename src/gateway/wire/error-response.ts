import { encodeMessage, type ResponseMessage, readMessage } from './message.ts'

/** An answer of our own; whoever gets it knows what it answers. */
export function errorResponse(code: number, message: string): ResponseMessage {
  const response = readMessage(encodeMessage({ id: 0, error: { code, message } }))
  if (response.kind !== 'response') throw new TypeError('not a response')
  return response
}
