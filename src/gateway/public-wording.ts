import { isMcplexerError, namingConfiguration } from '../base/index.ts'

/** What may be said to a client: our own words with the hint, and nothing of an unexpected error. */
export function publicWording(error: unknown): string {
  if (!isMcplexerError(error)) return 'mcplexer: internal error'
  const message = `mcplexer: ${error.message}`
  return error.hint === undefined ? message : `${message}\nhint: ${namingConfiguration(error.hint)}`
}
