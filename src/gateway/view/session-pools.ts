import type { Config, Server } from '../../config/index.ts'
import type { Reachable } from '../downstream/caller.ts'
import { atMost } from '../downstream/deadline.ts'
import type { ServerLink } from '../downstream/link.ts'
import type { Pool } from '../downstream/pool.ts'
import type { Wanted } from '../downstream/pool-entry.ts'
import type { Probes } from '../downstream/probes.ts'
import { sameLaunch } from '../downstream/same-launch.ts'
import type { ClientDescription, Era } from '../eras/client.ts'
import { GatewayError } from '../gateway-error.ts'

/**
 * Where a session finds its servers. A legacy server keeps state and asks questions, so each session has its own; a
 * modern one is stateless, and all sessions share it. `instances` in the configuration overrides both.
 */
export class SessionPools {
  readonly #own: Pool
  readonly #shared: Pool
  readonly #probes: Probes
  readonly #clientFolder: string
  readonly #home: Reachable
  readonly #config: () => Config

  /** `home`: how the session is reached, by servers that it has started. `config`: the one in force. */
  constructor(
    own: Pool,
    shared: Pool,
    probes: Probes,
    clientFolder: string,
    home: Reachable,
    config: () => Config,
  ) {
    this.#own = own
    this.#shared = shared
    this.#probes = probes
    this.#clientFolder = clientFolder
    this.#home = home
    this.#config = config
  }

  get own(): Pool {
    return this.#own
  }

  /** `knownEra`: what the server was when it last ran for such a client. */
  acquire(server: Server, client: ClientDescription, knownEra: Era | null): Promise<ServerLink> {
    return this.#acquire({ server, client, clientFolder: this.#clientFolder, knownEra })
  }

  #acquire(wanted: Wanted): Promise<ServerLink> {
    switch (this.#placeOf(wanted)) {
      case 'shared':
        return this.#shared.acquire(wanted, this.#home)
      case 'own':
        return this.#start(wanted)
      case 'unknown':
        return this.#findOut(wanted)
    }
  }

  #placeOf({ server, client, knownEra }: Wanted): 'own' | 'shared' | 'unknown' {
    if (!mayBeShared(server)) return 'own'
    const era = knownEra ?? this.#probes.eraFor(server, client.era)
    if (server.instances === 'shared' || era === 'modern') return 'shared'
    if (era === 'legacy') return 'own'
    if (client.era === 'modern' && this.#shared.has(server.id)) return 'shared'
    return this.#own.has(server.id) ? 'own' : 'unknown'
  }

  /**
   * While another session does it is waited for, as long as a start may take; then this one does it itself. Nothing is
   * awaited between the last look and the start: of several who wait only one goes on, and a request that finds the
   * server starting does not overtake the one that starts it.
   */
  #findOut(
    wanted: Wanted,
    deadline = performance.now() + wanted.server.startupTimeoutSec * 1000,
  ): Promise<ServerLink> {
    const probe = this.#probes.running(wanted.server)
    if (probe !== null && performance.now() < deadline) return this.#whenFound(probe, wanted, deadline)
    const start = this.#start(wanted)
    this.#probes.begin(wanted.server, start)
    return start
  }

  async #whenFound(probe: Promise<void>, wanted: Wanted, deadline: number): Promise<ServerLink> {
    await atMost(deadline - performance.now(), probe)
    const current = { ...wanted, server: this.#current(wanted.server) }
    return this.#placeOf(current) === 'unknown' ? this.#findOut(current, deadline) : this.#acquire(current)
  }

  /** What was changed during a wait must not be started any more. */
  #current(before: Server): Server {
    const server = this.#config().servers.get(before.id)
    if (server === undefined || server.isDisabled)
      throw new GatewayError('SERVER_ENDED', `server ${before.id} is no longer wanted`)
    return sameLaunch(server, before) ? before : server
  }

  /** What turns out to be modern is given to all before anybody hears of it. */
  async #start(wanted: Wanted): Promise<ServerLink> {
    const { server, client, knownEra } = wanted
    const link = await this.#own.acquire(wanted, this.#home)
    if (link.era === knownEra || !mayBeShared(server)) return link
    this.#probes.found(server, client.era, link.era)
    if (link.era === 'legacy' || this.#shared.adopt(link, this.#own) || !this.#shared.has(server.id))
      return link
    // it is shared already, as others have found out what it is for theirs
    this.#own.retire(server.id)
    return this.#shared.acquire(wanted, this.#home)
  }
}

function mayBeShared(server: Server): boolean {
  return server.instances !== 'per-session' && server.cwd !== 'client'
}
