import { log } from '../../base/index.ts'
import { KINDS, type ListKind } from '../catalog/kinds.ts'
import { UNKNOWN_OPENING } from '../catalog/opening.ts'
import type { Opening, StoredReplies } from '../catalog/store.ts'
import type { ClientDescription } from '../eras/client.ts'
import type { ClientView, ViewHome } from '../view/client-view.ts'

/** A client that asks for nothing so long after its first request leaves time to load the rest. */
const QUIET_START_MS = 100

export interface ServiceDeps {
  /** What the last run stored for this configuration and such a client, read without loading anything. */
  stored(client: ClientDescription): StoredReplies | null
  /** Loads what is needed to start servers; `shown`: the lists that the client may have already. */
  openView(
    client: ClientDescription,
    home: ViewHome,
    shown: ReadonlyMap<ListKind, Uint8Array>,
  ): Promise<ClientView>
}

/** What one kind of client gets: first what the last run has stored, then the live view. */
export class Service {
  readonly client: ClientDescription
  readonly #deps: ServiceDeps
  readonly #home: ViewHome
  readonly #stored: StoredReplies | null
  #opening: Promise<ClientView> | null = null
  #view: ClientView | null = null
  #isClosed = false

  constructor(client: ClientDescription, deps: ServiceDeps, home: ViewHome) {
    this.client = client
    this.#deps = deps
    this.#home = home
    this.#stored = deps.stored(client)
    setTimeout(() => this.#warmUp(), QUIET_START_MS).unref()
  }

  opening(): Opening {
    return this.#view?.lists.opening() ?? this.#stored?.opening ?? UNKNOWN_OPENING
  }

  async list(kind: ListKind): Promise<Uint8Array> {
    if (this.#opening !== null || this.#stored === null) return (await this.view()).lists.list(kind)
    setTimeout(() => this.#warmUp())
    return this.#stored.lists[kind]
  }

  view(): Promise<ClientView> {
    if (this.#opening !== null) return this.#opening
    const shown = KINDS.flatMap((kind) =>
      this.#stored === null ? [] : [[kind, this.#stored.lists[kind]] as const],
    )
    const opening = this.#deps.openView(this.client, this.#home, new Map(shown))
    this.#opening = opening
    opening.then(
      (view) => {
        this.#view = view
      },
      () => {
        this.#opening = null
      },
    )
    return opening
  }

  /** Does `work` with the live view, if there is one. */
  withView(work: (view: ClientView) => void): void {
    void this.#opening?.then(work).catch(() => undefined)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    const view = await this.#opening?.catch(() => null)
    await view?.close()
  }

  #warmUp(): void {
    if (this.#isClosed) return
    this.view().catch((error) => log.failure(error, 'the gateway did not start'))
  }
}
