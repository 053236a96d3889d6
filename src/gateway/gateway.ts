import type { CredentialSource } from '../auth/index.ts'
import type { Config } from '../config/index.ts'
import type { CatalogStore } from './catalog/store.ts'
import type { ClientPeer } from './downstream/client-peer.ts'
import { Watchdog } from './downstream/watchdog.ts'
import { SessionTools } from './session-tools.ts'

export interface GatewayDeps {
  readonly config: Config
  readonly credentials: CredentialSource
  /** Null: nothing is remembered from run to run. */
  readonly store: CatalogStore | null
  readonly clientFolder: string
}

/** What all sessions share: the configuration in force, the credentials, the watchdog over every child. */
export class Gateway {
  readonly #deps: GatewayDeps
  readonly #watchdog = new Watchdog()
  readonly #sessions = new Set<SessionTools>()
  #config: Config

  constructor(deps: GatewayDeps) {
    this.#deps = deps
    this.#config = deps.config
    deps.credentials.onScopeChange((scopeId) => {
      for (const session of this.#sessions) session.scopeChanged(scopeId)
    })
  }

  /** `shown`: the list of tools that the client has got already, or null. */
  async openSession(peer: ClientPeer, shown: Uint8Array | null): Promise<SessionTools> {
    const deps = { ...this.#deps, watchdog: this.#watchdog, peer }
    const session = await SessionTools.open(deps, this.#config, shown)
    this.#sessions.add(session)
    return session
  }

  async configure(config: Config): Promise<void> {
    this.#config = config
    await Promise.all([...this.#sessions].map((session) => session.configure(config)))
  }

  async close(): Promise<void> {
    await Promise.all([...this.#sessions].map((session) => session.close()))
    this.#watchdog.close()
    this.#deps.credentials.close()
  }
}
