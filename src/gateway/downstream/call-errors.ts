import type { Server } from '../../config/index.ts'
import { GatewayError } from '../gateway-error.ts'

export function endedError(server: Server, reason: string | null): GatewayError {
  return new GatewayError('SERVER_ENDED', `server ${server.id} ended during the call (${reason})`, {
    hint: 'the call was not repeated, as it may have had effects; the next call starts the server again',
  })
}

export function timeoutError(server: Server): GatewayError {
  const message = `server ${server.id} did not answer within ${server.callTimeoutSec} s`
  return new GatewayError('CALL_TIMEOUT', message, { hint: `raise \`call_timeout_sec\` of ${server.id}` })
}

export function tooLargeError(server: Server): GatewayError {
  return new GatewayError('CALL_REPLY_TOO_LARGE', `server ${server.id} answered with more than 64 MiB`, {
    hint: 'ask for less at a time',
  })
}

export function heldBackError(server: Server): GatewayError {
  return new GatewayError(
    'CALL_REPLY_HELD_BACK',
    `the answer of server ${server.id} holds the value of a secret where it cannot be taken out`,
    { hint: 'the stderr of mcplexer says which; ask the server for less, or mark the key `public: true`' },
  )
}

export function unreadableError(server: Server): GatewayError {
  const message = `the answer of server ${server.id} cannot be read: it is no valid JSON-RPC, or too deeply nested`
  return new GatewayError('CALL_REPLY_INVALID', message)
}

export function leakError(server: Server, label: string): GatewayError {
  return new GatewayError(
    'CALL_LEAKS_VALUE',
    `the call was not sent: it has the value of ${label} in it, and server ${server.id} does not hold that`,
    { hint: `if ${server.id} may know it, give it that auth scope, or mark the key \`public: true\`` },
  )
}

export function cancelledError(): GatewayError {
  return new GatewayError('CALL_CANCELLED', 'the client cancelled the call')
}
