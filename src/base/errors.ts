import type { ErrorCode } from './error-codes.ts'

interface ErrorDetails {
  /** One thing the user can do now, best a command to paste. */
  hint?: string
  /** The original error. Leave it out when it can carry a piece of a secret (age, spawning). */
  cause?: unknown
}

/**
 * The only error that people are shown. `message`: what happened, lower case, no full stop, with path or name,
 * never a value. Decide on `code`, never on the message.
 */
export class McplexerError extends Error {
  readonly code: ErrorCode
  readonly hint: string | undefined

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = new.target.name
    this.code = code
    this.hint = details.hint
  }
}

export function isMcplexerError(error: unknown, code?: ErrorCode): error is McplexerError {
  return error instanceof McplexerError && (code === undefined || error.code === code)
}
