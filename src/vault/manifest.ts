import { wholeNumber } from './envelope.ts'

/**
 * Which scopes there are and in which generation, so that a row from last week, or a missing one, is noticed:
 *
 *     mcplexer-manifest/1\n
 *     42\n                     highest generation ever given
 *     github-token 7\n         scope id, generation
 *     …
 */
export interface Manifest {
  readonly counter: number
  readonly generations: ReadonlyMap<string, number>
}

const MAGIC = 'mcplexer-manifest/1'
export const EMPTY_MANIFEST: Manifest = { counter: 0, generations: new Map() }

export function encodeManifest({ counter, generations }: Manifest): Uint8Array {
  const entries = [...generations].map(([id, generation]) => `${id} ${generation}\n`)
  return new TextEncoder().encode(`${MAGIC}\n${counter}\n${entries.join('')}`)
}

/** Of bytes whose HMAC was found right. Throws VAULT_ENVELOPE_INVALID. */
export function decodeManifest(bytes: Uint8Array): Manifest {
  const [magic, counter, ...entries] = new TextDecoder().decode(bytes).split('\n')
  if (magic !== MAGIC) return EMPTY_MANIFEST
  const generations = new Map<string, number>()
  for (const entry of entries) {
    const [id, generation] = entry.split(' ')
    if (id && generation !== undefined) generations.set(id, wholeNumber(generation))
  }
  return { counter: wholeNumber(counter ?? ''), generations }
}
