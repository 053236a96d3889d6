import type { ClientDescription } from '../downstream/caller.ts'
import { listMembers } from '../eras/modern.ts'
import type { Catalog } from './catalog.ts'
import { KINDS, type ListKind } from './kinds.ts'

const DAY_MS = 86_400_000

/** What the client gets for a list, and what it got last, so that it hears of every difference. */
export class ShownLists {
  readonly #catalog: Catalog
  readonly #client: ClientDescription
  readonly #shown: Map<ListKind, Uint8Array>

  /** `shown`: what it has got already from an earlier run. */
  constructor(catalog: Catalog, client: ClientDescription, shown: ReadonlyMap<ListKind, Uint8Array>) {
    this.#catalog = catalog
    this.#client = client
    this.#shown = new Map(shown)
  }

  /** The result of the list request, serialized. */
  result(kind: ListKind): Uint8Array {
    const ttlMs = Math.min(...this.#catalog.seen().map(({ listing }) => listing.ttlMs), DAY_MS)
    return this.#catalog.listResult(kind, this.#client.era === 'modern' ? listMembers(ttlMs) : '')
  }

  show(kind: ListKind): Uint8Array {
    const result = this.result(kind)
    this.#shown.set(kind, result)
    return result
  }

  /** Kinds that the client has got and would get otherwise now; taken for shown from now on. */
  takeChanged(): ListKind[] {
    const changed = KINDS.filter((kind) => {
      const shown = this.#shown.get(kind)
      return shown !== undefined && Buffer.compare(shown, this.result(kind)) !== 0
    })
    for (const kind of changed) this.show(kind)
    return changed
  }
}
