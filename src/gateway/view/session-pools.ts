import type { Server } from '../../config/index.ts'
import type { ClientDescription, Era, Reachable } from '../downstream/caller.ts'
import type { ServerLink } from '../downstream/link.ts'
import type { Pool } from '../downstream/pool.ts'

/**
 * Where a session finds its servers. A legacy server keeps state and asks questions, so each session has its own; a
 * modern one is stateless, and all sessions share it. `instances` in the configuration overrides both.
 */
export class SessionPools {
  readonly #own: Pool
  readonly #shared: Pool
  readonly #clientFolder: string
  readonly #home: Reachable
  /** Found to be modern by this session, and perhaps not listed yet. */
  readonly #modern = new WeakSet<Server>()

  /** `home`: how the session is reached, by servers that it has started. */
  constructor(own: Pool, shared: Pool, clientFolder: string, home: Reachable) {
    this.#own = own
    this.#shared = shared
    this.#clientFolder = clientFolder
    this.#home = home
  }

  get own(): Pool {
    return this.#own
  }

  /** `knownEra`: what the server was when it last ran for such a client. */
  async acquire(server: Server, client: ClientDescription, knownEra: Era | null): Promise<ServerLink> {
    const pool = this.#isShared(server, client, knownEra) ? this.#shared : this.#own
    const link = await pool.acquire({ server, client, clientFolder: this.#clientFolder, knownEra }, this.#home)
    if (pool !== this.#own || link.era !== 'modern' || !mayBeShared(server)) return link
    this.#modern.add(server)
    this.#shared.adopt(link, this.#own)
    return link
  }

  #isShared(server: Server, client: ClientDescription, knownEra: Era | null): boolean {
    if (!mayBeShared(server)) return false
    if (server.instances === 'shared' || knownEra === 'modern') return true
    if (knownEra === null && this.#modern.has(server)) return true
    return client.era === 'modern' && knownEra === null && this.#shared.has(server.id)
  }
}

function mayBeShared(server: Server): boolean {
  return server.instances !== 'per-session' && server.cwd !== 'client'
}
