import { hardenProcess, log, McplexerError, type Paths, resolvePaths, systemClock } from './base/index.ts'
import type { Config } from './config/index.ts'
import type { Gateway, Toolbox } from './gateway/index.ts'
import type { Review } from './review.ts'
import type { ActivityDatabase } from './store/index.ts'
import type { KeyAccess, Person, Vault } from './vault/index.ts'

/** Loading sockets takes longer than a server needs to start. */
const LISTEN_AFTER_MS = 300

/** The rooms, each opened at its first use and closed top-down. */
export interface App {
  readonly paths: Paths
  config(): Promise<Config>
  /** What is done with it is on record. */
  vault(): Promise<Vault>
  /** What HTTP clients send, as it is or a new one; on record too. Throws HTTP_TOKEN_UNSAFE. */
  httpToken(action: 'show' | 'new'): Promise<string>
  /** Null when it cannot be used; that was said. */
  activity(): Promise<ActivityDatabase | null>
  review(): Promise<Review>
  /** Hands what opens a protected key file to every gateway; gives to how many. */
  unlockGateways(): Promise<number>
  /** The same after a change of the key file, where nothing is locked: what a plugin has opened was the old one. */
  relieveGateways(): Promise<void>
  /** Over the configuration in force; it follows the file while it runs. */
  gateway(): Promise<Gateway>
  toolbox(): Promise<Toolbox>
  close(): Promise<void>
}

interface AppOptions {
  readonly configPath?: string
  /** For what opens a protected key file; left out: nobody is there to ask. */
  readonly person?: Person
}

export function openApp(options: AppOptions): App {
  const paths = resolvePaths(options.configPath)
  const closing: (() => unknown)[] = []
  const once = <T>(open: () => Promise<T>): (() => Promise<T>) => {
    let opened: Promise<T> | null = null
    return () => {
      // a failure is not kept: the user may have mended it since
      opened ??= open().catch((error) => {
        opened = null
        throw error
      })
      return opened
    }
  }
  const config = once(async () => (await import('./config/index.ts')).loadConfig(paths.config))
  const keyAccess = once(async () => {
    const { KeyAccess } = await import('./vault/index.ts')
    return new KeyAccess(options.person ?? null)
  })
  const bareVault = once(async () => {
    const { openVault } = await import('./vault/index.ts')
    await hardenProcess()
    const opened = openVault({ paths, onWait: sayWaiting, keyAccess: await keyAccess() })
    closing.push(() => opened.close())
    await opened.tidy()
    return opened
  })
  const activity = once(() => openActivity(paths, closing))
  const recorded = once(async () => {
    const { AuditLog } = await import('./audit/index.ts')
    const { onRecord } = await import('./on-record.ts')
    // a person holds the key himself: he is warned, and not kept from his secrets
    return onRecord(async () => new AuditLog(await activity(), { allowsFailure: true }))
  })
  const vault = once(async () => {
    const { auditedVault } = await import('./audited-vault.ts')
    const bare = await bareVault()
    closing.push(() => bare.tidy())
    return auditedVault(bare, await recorded())
  })
  const httpToken = async (action: 'show' | 'new'): Promise<string> => {
    const { readToken, replaceToken } = await import('./http-token.ts')
    const give = action === 'new' ? replaceToken : readToken
    return (await recorded())({ kind: 'key', action: `token ${action}` }, async () => give(paths.httpToken))
  }
  const gateway = once(async () => {
    const opened = await openGateway(
      paths,
      await config(),
      { vault: bareVault, activity: await activity(), keyAccess: await keyAccess() },
      closing,
    )
    closing.push(() => opened.close())
    return opened
  })
  const toolbox = once(async () =>
    (await import('./gateway/index.ts')).Toolbox.open(await gateway(), process.cwd()),
  )
  const close = async (): Promise<void> => {
    for (const step of closing.splice(0).reverse()) {
      try {
        await step()
      } catch {
        log.debug('a room did not close cleanly')
      }
    }
  }
  const review = once(async () => {
    const { openReview } = await import('./review.ts')
    const { AuditLog } = await import('./audit/index.ts')
    const opened = await activity()
    if (opened === null)
      throw new McplexerError('STORE_UNREADABLE', `${paths.activity} cannot be used`, {
        hint: 'mcplexer status',
      })
    return openReview(await config(), opened, new AuditLog(opened, { allowsFailure: true }))
  })
  const unlockGateways = async (): Promise<number> => {
    const { isKeyWrapped } = await import('./vault/index.ts')
    if (!isKeyWrapped(paths.keyFile)) return 0
    await (await bareVault()).describeKey()
    const { handover } = await keyAccess()
    return handover === null ? 0 : (await import('./unlock-socket.ts')).handOver(paths, handover)
  }
  const relieveGateways = async (): Promise<void> => {
    const isByPlugin = typeof (await keyAccess()).handover === 'object'
    const { isLocked } = await (await bareVault()).locks()
    if (isByPlugin && !isLocked) await unlockGateways()
  }
  return {
    paths,
    config,
    vault,
    httpToken,
    activity,
    review,
    unlockGateways,
    relieveGateways,
    gateway,
    toolbox,
    close,
  }
}

async function openGateway(
  paths: Paths,
  initial: Config,
  {
    vault,
    activity,
    keyAccess,
  }: { vault: () => Promise<Vault>; activity: ActivityDatabase | null; keyAccess: KeyAccess },
  closing: (() => unknown)[],
): Promise<Gateway> {
  await hardenProcess()
  const { Gateway } = await import('./gateway/index.ts')
  const { openCredentials } = await import('./auth/index.ts')
  const { Sandbox } = await import('./sandbox/index.ts')
  const { watchConfig } = await import('./config/index.ts')
  let current = initial
  const { rememberedIn } = await import('./remembered.ts')
  const remembered = activity === null ? null : rememberedIn(activity)
  const launches = remembered?.launches ?? null
  const credentials = openCredentials({ config: () => current, vault, launches })
  credentials.onLock(({ isLocked }) => isLocked && keyAccess.forget())
  await waitForUnlocking(paths, keyAccess, closing)
  const { AuditLog, prune } = await import('./audit/index.ts')
  const { auditDigestKey } = await import('./store/index.ts')
  const audit = new AuditLog(activity, initial.audit)
  const digestKey = await (activity === null ? null : auditDigestKey(activity).catch(() => null))
  const gateway = new Gateway({
    config: initial,
    credentials,
    store: remembered?.catalog ?? null,
    pins: remembered?.pins ?? null,
    sandbox: new Sandbox(paths),
    audit,
    digestKey: digestKey ?? crypto.getRandomValues(new Uint8Array(32)),
  })
  if (activity !== null) {
    void prune(activity, initial.audit, systemClock.nowMs()).catch(() =>
      log.debug('old entries of the record could not be let go of'),
    )
    const { lockWhenIdle } = await import('./idle-lock.ts')
    closing.push(lockWhenIdle(activity, vault, () => current.lockIdleMin))
  }
  const watch = watchConfig(initial, {
    onChange: (config) => {
      current = config
      log.info(`${config.path} has changed and is in force`)
      gateway.configure(config).catch(() => log.error(`${config.path} is in force only in part`))
    },
    onError: (error) => {
      log.error(error instanceof Error ? error.message : 'the configuration cannot be read')
      log.info('the configuration before that change stays in force')
    },
  })
  closing.push(() => watch.close())
  return gateway
}

async function openActivity(paths: Paths, closing: (() => unknown)[]): Promise<ActivityDatabase | null> {
  const store = await import('./store/index.ts')
  try {
    const waiting = { clock: systemClock, onWait: () => undefined, limitMs: 5000 }
    const activity = await store.openActivity(paths.activity, waiting)
    closing.push(() => activity.destroy())
    return activity
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'unexpected error'
    log.warn(`nothing is put on record or remembered: ${reason}`)
    return null
  }
}

/** Also where none is needed yet, but then the first calls go first: the key file may be protected while we run. */
async function waitForUnlocking(paths: Paths, access: KeyAccess, closing: (() => unknown)[]): Promise<void> {
  if (process.platform === 'win32') return
  const { isKeyWrapped } = await import('./vault/index.ts')
  const listen = async (): Promise<() => void> => {
    const { listenForUnlocking } = await import('./unlock-socket.ts')
    return listenForUnlocking(paths, (key) => access.give(key))
  }
  if (isKeyWrapped(paths.keyFile)) {
    const listening = await listen().catch(() => null)
    if (listening === null) log.warn('what opens the key file cannot be handed over by `mcplexer unlock`')
    else closing.push(listening)
    return
  }
  let listening: Promise<(() => void) | null> | null = null
  const timer = setTimeout(() => {
    listening = listen().catch(() => null)
  }, LISTEN_AFTER_MS)
  closing.push(async () => {
    clearTimeout(timer)
    const stop = await listening
    stop?.()
  })
}

function sayWaiting(): void {
  log.info('waiting for another mcplexer that is changing the vault')
}
