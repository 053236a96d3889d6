import { digestOf, isMcplexerError, log } from '../../base/index.ts'
import type { Server } from '../../config/index.ts'
import { type PinStore, withoutUnpinned } from './pins.ts'
import type { CatalogStore, ServerListing, StoredReplies } from './store.ts'

const KEEP_AFTER_MS = 100

export interface MemoryDeps {
  /** Null: nothing is remembered. */
  readonly store: CatalogStore | null
  /** Null: nothing can be compared with what was seen before. */
  readonly pins: PinStore | null
  readonly variant: string
  generationOf(server: Server): Promise<number | null>
}

/** What is remembered from run to run for one kind of client. What cannot be kept is done without. */
export class ListingMemory {
  readonly #deps: MemoryDeps
  /** By server: its lists, and then the replies made of all of them. */
  readonly #unkept = new Map<string, [save: () => Promise<void>, saveReplies: () => Promise<void>]>()
  #timer: Timer | null = null
  #keeping: Promise<void> = Promise.resolve()

  constructor(deps: MemoryDeps) {
    this.#deps = deps
  }

  /** What was stored of the server, and whether that is of another launch than the next would be. */
  async load(server: Server): Promise<{ listing: ServerListing | null; isOutdated: boolean }> {
    const { store, variant } = this.#deps
    const stored = (await store?.load(server.id, variant).catch(() => null)) ?? null
    return {
      listing: stored?.listing ?? null,
      isOutdated: stored?.fingerprint !== (await this.#fingerprint(server)),
    }
  }

  /** What of a listing clients get: without what has changed since it was first seen. */
  accept(server: Server, listing: ServerListing): Promise<ServerListing> {
    return withoutUnpinned(server, this.#deps.variant, listing, this.#deps.pins)
  }

  /** A little later, with all others: a client does not wait for what only the next run needs. */
  keep(server: Server, listing: ServerListing, configDigest: string, replies: () => StoredReplies): void {
    this.#unkept.set(server.id, [
      () => this.#save(server, listing),
      () => this.saveReplies(configDigest, replies),
    ])
    this.#timer ??= setTimeout(() => void this.kept(), KEEP_AFTER_MS)
  }

  /** Settles when nothing is left to be kept. */
  kept(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    const unkept = [...this.#unkept.values()]
    this.#unkept.clear()
    this.#keeping = this.#keeping.then(async () => {
      for (const [save] of unkept) await save()
      await unkept.at(-1)?.[1]()
    })
    return this.#keeping
  }

  saveReplies(configDigest: string, replies: () => StoredReplies): Promise<void> {
    return this.#attempt((store) => store.saveReplies(configDigest, this.#deps.variant, replies()))
  }

  #save(server: Server, listing: ServerListing): Promise<void> {
    return this.#attempt(async (store) => {
      const fingerprint = await this.#fingerprint(server)
      await store.save(server.id, this.#deps.variant, { fingerprint, listing })
    })
  }

  async #attempt(work: (store: CatalogStore) => Promise<void>): Promise<void> {
    try {
      if (this.#deps.store !== null) await work(this.#deps.store)
    } catch (error) {
      log.debug(`lists were not stored (${isMcplexerError(error) ? error.code : 'unexpected'})`)
    }
  }

  async #fingerprint(server: Server): Promise<string> {
    const generation = await this.#deps.generationOf(server).catch(() => null)
    return digestOf(JSON.stringify([server, generation]))
  }
}
