import { wholeNumber } from './envelope.ts'
import { VaultError } from './vault-error.ts'

/**
 * Which scopes there are and in which generation, so that a row from last week, or a missing one, is noticed:
 *
 *     mcplexer-manifest/1\n
 *     42\n                     highest generation ever given
 *     pending age1…\n          a rotation is about to add its identity; without a commit it is dropped again
 *     retired age1…\n          replaced by a rotation of this vault, for its identity to be dropped
 *     scope github-token 7\n   scope id, generation
 *     …
 */
export interface Manifest {
  readonly counter: number
  readonly pending: ReadonlySet<string>
  readonly retired: ReadonlySet<string>
  readonly generations: ReadonlyMap<string, number>
}

const MAGIC = 'mcplexer-manifest/1'

/**
 * A list without scopes. Its counter begins at a random number, so that a list which had to be begun anew never
 * gives a generation twice: a row from before it could be put back otherwise.
 */
export function newManifest(): Manifest {
  const [high = 0, low = 0] = crypto.getRandomValues(new Uint32Array(2))
  const counter = (high % 2 ** 16) * 2 ** 32 + low
  return { counter, pending: new Set(), retired: new Set(), generations: new Map() }
}

export function encodeManifest({ counter, pending, retired, generations }: Manifest): Uint8Array {
  const lines = [
    MAGIC,
    String(counter),
    ...[...pending].map((recipient) => `pending ${recipient}`),
    ...[...retired].map((recipient) => `retired ${recipient}`),
    ...[...generations].map(([id, generation]) => `scope ${id} ${generation}`),
  ]
  return new TextEncoder().encode(`${lines.join('\n')}\n`)
}

/** Of bytes whose HMAC was found right. Throws VAULT_ENVELOPE_INVALID: a newer mcplexer has written them. */
export function decodeManifest(bytes: Uint8Array): Manifest {
  const [magic, counter, ...lines] = new TextDecoder().decode(bytes).split('\n')
  const pending = new Set<string>()
  const retired = new Set<string>()
  const generations = new Map<string, number>()
  for (const line of lines.slice(0, -1)) {
    const [kind, name, generation] = line.split(' ')
    if (kind === 'pending' && name) pending.add(name)
    else if (kind === 'retired' && name) retired.add(name)
    else if (kind === 'scope' && name && generation) generations.set(name, wholeNumber(generation))
    else throw unreadable()
  }
  if (magic !== MAGIC || lines.at(-1) !== '') throw unreadable()
  return { counter: wholeNumber(counter ?? ''), pending, retired, generations }
}

function unreadable(): VaultError {
  return new VaultError('VAULT_ENVELOPE_INVALID', 'the list of auth scopes is not what this mcplexer writes', {
    hint: 'update mcplexer; `mcplexer version` shows what it is',
  })
}
