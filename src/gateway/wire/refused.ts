import { KEPT_ENDS } from './framing.ts'
import { requestIdAtEitherEnd, responseIdAtEitherEnd } from './line-ends.ts'

/** What is parsed takes fifty times as much, and a gateway has other clients: of more than this only the ends are read. */
const MAX_PARSED_BYTES = 64 * 1024

interface Refused {
  readonly kind: 'request' | 'response'
  /** JSON source. */
  readonly id: string
}

/**
 * Whose a message was that cannot be taken, so that nobody waits for it in vain. Null when it is neither a request nor a
 * response, or no JSON, or its id would not come out as it was written.
 */
export function refusedIn(bytes: Uint8Array): Refused | null {
  return bytes.length > MAX_PARSED_BYTES ? refusedAtEnds(bytes) : refusedWhole(bytes)
}

function refusedAtEnds(bytes: Uint8Array): Refused | null {
  const ends = { head: bytes.subarray(0, KEPT_ENDS), tail: bytes.subarray(-KEPT_ENDS) }
  const [request, response] = [requestIdAtEitherEnd(ends), responseIdAtEitherEnd(ends)]
  if (request !== null) return { kind: 'request', id: request }
  return response === null ? null : { kind: 'response', id: response }
}

function refusedWhole(bytes: Uint8Array): Refused | null {
  try {
    const { id, method, result, error } = JSON.parse(new TextDecoder().decode(bytes))
    if (typeof id !== 'string' && !Number.isSafeInteger(id)) return null
    if (method !== undefined) return { kind: 'request', id: JSON.stringify(id) }
    return (result ?? error) === undefined ? null : { kind: 'response', id: JSON.stringify(id) }
  } catch {
    return null
  }
}
