import type { Era } from './client.ts'

/** What a server says of itself when the connection begins. */
export interface Offer {
  readonly era: Era
  /** JSON source of an object. */
  readonly capabilities: string
  readonly instructions: string
}
