import type { AuditedVault } from './app/audited-vault.ts'
import { once } from './app/once.ts'
import { hardenProcess, log, nameConfiguration, type Paths, resolvePaths, systemClock } from './base/index.ts'
import type { Gateway } from './gateway/index.ts'
import type { ActivityDatabase } from './store/index.ts'
import type { Person, Vault } from './vault/index.ts'

interface AppOptions {
  readonly configPath?: string
  /** For what opens a protected key file; left out: nobody is there to ask. */
  readonly person?: Person
}

/** The rooms, each opened at its first use and closed top-down. */
export class App {
  readonly paths: Paths
  readonly #person: Person | null
  /** What was opened, the last at the end. */
  readonly #closing: (() => unknown)[] = []

  constructor({ configPath, person }: AppOptions = {}) {
    this.paths = resolvePaths(configPath)
    if (configPath !== undefined) nameConfiguration(this.paths)
    this.#person = person ?? null
  }

  readonly config = once(async () => (await import('./config/index.ts')).loadConfig(this.paths.config))

  /** What is done with it is on record. */
  readonly vault = once(async (): Promise<AuditedVault> => {
    const { auditedVault } = await import('./app/audited-vault.ts')
    return auditedVault(await this.#bareVault(), await this.#onRecord())
  })

  /** Throws StoreError when it cannot be used. */
  readonly usableActivity = once(async (): Promise<ActivityDatabase> => {
    const store = await import('./store/index.ts')
    const waiting = { clock: systemClock, onWait: () => undefined, limitMs: 5000 }
    const activity = await store.openActivity(this.paths.activity, waiting)
    this.#closing.push(() => activity.destroy())
    return activity
  })

  /** Null when it cannot be used; that was said. */
  readonly activity = once(() => this.usableActivity().catch(sayUnusable))

  readonly review = once(async () => {
    const { openReview } = await import('./app/review.ts')
    const { AuditLog } = await import('./audit/index.ts')
    const activity = await this.usableActivity()
    return openReview(await this.config(), activity, new AuditLog(activity, { allowsFailure: true }))
  })

  /** Over the configuration in force; it follows the file while it runs. */
  readonly gateway = once(async (): Promise<Gateway> => {
    const { openGateway } = await import('./app/open-gateway.ts')
    const gateway = await openGateway(await this.config(), {
      paths: this.paths,
      vault: this.#bareVault,
      activity: await this.activity(),
      keyAccess: await this.#keyAccess(),
      closing: this.#closing,
    })
    this.#closing.push(() => gateway.close())
    return gateway
  })

  readonly toolbox = once(async () =>
    (await import('./gateway/index.ts')).Toolbox.open(await this.gateway(), process.cwd()),
  )

  readonly #keyAccess = once(async () => {
    const { KeyAccess } = await import('./vault/index.ts')
    return new KeyAccess(this.#person)
  })

  readonly #bareVault = once(async (): Promise<Vault> => {
    const { openVault } = await import('./vault/index.ts')
    await hardenProcess()
    const keyAccess = await this.#keyAccess()
    const vault = openVault({ paths: this.paths, onWait: sayWaiting, keyAccess })
    this.#closing.push(() => vault.close())
    const isTidy = await vault.tidy()
    // what opens the key file is known at the end, if anything has needed it
    if (!isTidy) this.#closing.push(() => vault.tidy())
    return vault
  })

  readonly #onRecord = once(async () => {
    const { AuditLog } = await import('./audit/index.ts')
    const { onRecord } = await import('./app/on-record.ts')
    // a person holds the key anyway: they are warned, and not kept from their secrets
    return onRecord(async () => new AuditLog(await this.activity(), { allowsFailure: true }))
  })

  /** What HTTP clients send, as it is or a new one; on record too. Throws HTTP_TOKEN_UNSAFE. */
  async httpToken(action: 'show' | 'new'): Promise<string> {
    const { readToken, replaceToken } = await import('./app/http-token.ts')
    const onRecord = await this.#onRecord()
    return onRecord({ kind: 'key', action: `token ${action}` }, async () =>
      action === 'new' ? replaceToken(this.paths.httpToken) : readToken(this.paths.httpToken),
    )
  }

  /** Hands what opens a protected key file to every gateway; gives to how many. Null: none waits for it. */
  async unlockGateways(): Promise<number | null> {
    const { isKeyWrapped } = await import('./vault/index.ts')
    if (!isKeyWrapped(this.paths.keyFile)) return 0
    const { isWaitedFor, tellGateways } = await import('./app/unlock-socket.ts')
    // nobody is asked for what nobody needs
    if (!(await isWaitedFor(this.paths))) return null
    await (await this.#bareVault()).describeKey()
    const { handover } = await this.#keyAccess()
    return handover === null ? 0 : (await tellGateways(this.paths, handover)).taken
  }

  /**
   * Locks every gateway that runs, or ends such a lock, without the vault; gives in how many that was done, and how many
   * others there are.
   */
  async holdGateways(isLocked: boolean): Promise<{ taken: number; others: number }> {
    const { tellGateways } = await import('./app/unlock-socket.ts')
    return tellGateways(this.paths, { isLocked })
  }

  /** The same after a change of the key file, where nothing is locked: what a plugin has opened was the old one. */
  async relieveGateways(): Promise<void> {
    const isByPlugin = typeof (await this.#keyAccess()).handover === 'object'
    const { isLocked } = await (await this.#bareVault()).locks()
    if (isByPlugin && !isLocked) await this.unlockGateways()
  }

  async close(): Promise<void> {
    for (const step of this.#closing.splice(0).reverse()) {
      try {
        await step()
      } catch {
        log.debug('a room did not close cleanly')
      }
    }
  }
}

function sayUnusable(error: unknown): null {
  log.failure(error, 'activity.db cannot be used', 'warn')
  log.warn('nothing is put on record or remembered')
  return null
}

function sayWaiting(): void {
  log.info('waiting for another mcplexer that is changing the vault')
}
