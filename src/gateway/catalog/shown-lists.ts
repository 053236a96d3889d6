import type { ClientDescription } from '../eras/client.ts'
import { listMembers } from '../eras/modern.ts'
import type { Catalog } from './catalog.ts'
import { KINDS, type ListKind } from './kinds.ts'

const DAY_MS = 86_400_000

/** What the client gets for a list, and what it got last, so that it hears of every difference. */
export class ShownLists {
  readonly #catalog: Catalog
  readonly #client: ClientDescription
  readonly #shown: Map<ListKind, Uint8Array>
  readonly #freshForMs: (serverId: string) => number

  /**
   * `shown`: what it has got already from an earlier run. `freshForMs`: how long what is known of a server may still be
   * taken for true.
   */
  constructor(
    catalog: Catalog,
    client: ClientDescription,
    shown: ReadonlyMap<ListKind, Uint8Array>,
    freshForMs: (serverId: string) => number,
  ) {
    this.#catalog = catalog
    this.#client = client
    this.#shown = new Map(shown)
    this.#freshForMs = freshForMs
  }

  /** The result of the list request, serialized; `ttlMs` of it for a client that is told one. */
  result(kind: ListKind, ttlMs: number): Uint8Array {
    const list = this.#catalog.listResult(kind)
    return this.#client.era === 'modern' ? withMembers(list, listMembers(ttlMs)) : list
  }

  show(kind: ListKind): Uint8Array {
    const freshForMs = this.#catalog.seen().map(({ server }) => this.#freshForMs(server.id))
    const result = this.result(kind, this.#catalog.isWhole ? Math.min(...freshForMs, DAY_MS) : 0)
    this.#shown.set(kind, result)
    return result
  }

  /** Kinds that the client has got and would get otherwise now; taken for shown from now on. */
  takeChanged(): ListKind[] {
    const changed = KINDS.filter((kind) => {
      const shown = this.#shown.get(kind)
      return shown !== undefined && !isOfList(shown, this.#catalog.listResult(kind))
    })
    for (const kind of changed) this.show(kind)
    return changed
  }
}

/** `more`: JSON text, with a comma before. */
function withMembers(list: Uint8Array, more: string): Uint8Array {
  return Buffer.concat([list.subarray(0, -1), Buffer.from(`${more}}`)])
}

/** Whatever members come behind the list. */
function isOfList(shown: Uint8Array, list: Uint8Array): boolean {
  const items = list.subarray(0, -1)
  return Buffer.compare(shown.subarray(0, items.length), items) === 0
}
