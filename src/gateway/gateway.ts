import type { AuditEntry, AuditLog } from '../audit/index.ts'
import type { CredentialSource, Locks } from '../auth/index.ts'
import { log } from '../base/index.ts'
import type { Config } from '../config/index.ts'
import type { Sandbox } from '../sandbox/index.ts'
import { CallRecorder, type RecordOptions } from './call-record.ts'
import type { ListKind } from './catalog/kinds.ts'
import type { PinStore } from './catalog/pins.ts'
import type { CatalogStore } from './catalog/store.ts'
import { Pool } from './downstream/pool.ts'
import { Probes } from './downstream/probes.ts'
import { sameLaunch } from './downstream/same-launch.ts'
import { Slots } from './downstream/slots.ts'
import { Watchdog } from './downstream/watchdog.ts'
import type { ClientDescription } from './eras/client.ts'
import { type Finding, LeakGuard } from './guard/leak-guard.ts'
import { ClientView, type ViewHome } from './view/client-view.ts'
import { SessionPools } from './view/session-pools.ts'

interface GatewayDeps {
  readonly config: Config
  readonly credentials: CredentialSource
  readonly sandbox: Sandbox
  readonly audit: AuditLog
  /** For digests of arguments. */
  readonly digestKey: Uint8Array
  /** Null: nothing is remembered from run to run. */
  readonly store: CatalogStore | null
  readonly pins: PinStore | null
}

/** What all sessions share: the configuration in force, the credentials, stateless servers, the watchdog. */
export class Gateway {
  readonly #deps: GatewayDeps
  readonly #watchdog = new Watchdog()
  readonly #guard: LeakGuard
  readonly #slots = new Slots()
  readonly #probes = new Probes()
  readonly #shared: Pool
  readonly #views = new Set<ClientView>()
  #config: Config

  constructor(deps: GatewayDeps) {
    this.#deps = deps
    this.#config = deps.config
    this.#guard = new LeakGuard((finding) => deps.audit.record(leakEntry(finding)))
    this.#shared = this.#newPool()
    deps.credentials.onScopeChange((scopeId) => this.#scopeChanged(scopeId))
    deps.credentials.onLock((locks) => this.#locked(locks))
  }

  /** What one client sees. `clientFolder`: where its app runs; `shown`: lists that it has got already. */
  async openView(
    client: ClientDescription,
    home: ViewHome,
    clientFolder: string,
    shown: ReadonlyMap<ListKind, Uint8Array> = new Map(),
  ): Promise<ClientView> {
    const { store, pins, credentials, audit } = this.#deps
    const inForce = (): Config => this.#config
    const pools = new SessionPools(this.#newPool(), this.#shared, this.#probes, clientFolder, home, inForce)
    const generationOf = credentials.generationOf.bind(credentials)
    const recorder = new CallRecorder(audit, this.#guard, () => this.#recordOptions(), client)
    const deps = {
      client,
      home,
      pools,
      store,
      pins,
      recorder,
      generationOf,
      checkLock: credentials.checkLock.bind(credentials),
      onClosed: () => this.#views.delete(view),
    }
    const config = this.#config
    const view: ClientView = await ClientView.open(deps, config, shown)
    this.#views.add(view)
    // it was not there yet to be told
    if (this.#config !== config)
      view.configure(this.#config).catch(() => log.error(`${config.path} is in force only in part`))
    return view
  }

  async configure(config: Config): Promise<void> {
    const before = this.#config
    this.#config = config
    this.#deps.audit.configure(config.audit)
    for (const [id, server] of before.servers) {
      const after = config.servers.get(id)
      if (after === undefined || !sameLaunch(server, after)) this.#shared.retire(id)
    }
    await Promise.all([...this.#views].map((view) => view.configure(config)))
  }

  async close(): Promise<void> {
    await Promise.all([...[...this.#views].map((view) => view.close()), this.#shared.close()])
    await this.#deps.sandbox.close()
    this.#watchdog.close()
    await this.#deps.audit.flush()
    this.#deps.credentials.close()
  }

  #recordOptions(): RecordOptions {
    return { digestKey: this.#deps.digestKey, keepsArguments: this.#config.audit.keepsArguments }
  }

  #newPool(): Pool {
    const { credentials, sandbox, audit } = this.#deps
    const deps = { credentials, sandbox, audit, watchdog: this.#watchdog, guard: this.#guard }
    return new Pool(deps, this.#slots)
  }

  /** Whoever holds what is locked now ends, in the middle of a call too. */
  #locked({ isLocked, revoked }: Locks): void {
    if (isLocked) log.warn('locked: all servers are ended; `mcplexer unlock` lets them start again')
    for (const { id, authScope } of this.#config.servers.values()) {
      if (!isLocked && !revoked.has(authScope ?? '')) continue
      this.#shared.stop(id)
      for (const view of this.#views) view.stop(id)
    }
  }

  #scopeChanged(scopeId: string): void {
    for (const { id, authScope } of this.#config.servers.values()) {
      if (authScope === scopeId) this.#shared.retire(id)
    }
    for (const view of this.#views) view.scopeChanged(scopeId)
  }
}

function leakEntry({ server, action, labels }: Finding): AuditEntry {
  return {
    kind: 'leak',
    action,
    decision: action === 'taken out' ? 'allowed' : 'refused',
    server,
    keys: labels,
  }
}
