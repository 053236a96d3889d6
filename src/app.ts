import type { AuditedVault } from './audited-vault.ts'
import { hardenProcess, log, McplexerError, type Paths, resolvePaths, systemClock } from './base/index.ts'
import type { Config } from './config/index.ts'
import type { Gateway, Toolbox } from './gateway/index.ts'
import type { Review } from './review.ts'
import type { ActivityDatabase } from './store/index.ts'
import type { Person } from './vault/index.ts'

/** The rooms, each opened at its first use and closed top-down. */
export interface App {
  readonly paths: Paths
  config(): Promise<Config>
  /** What is done with it is on record. */
  vault(): Promise<AuditedVault>
  /** What HTTP clients send, as it is or a new one; on record too. Throws HTTP_TOKEN_UNSAFE. */
  httpToken(action: 'show' | 'new'): Promise<string>
  /** Null when it cannot be used; that was said. */
  activity(): Promise<ActivityDatabase | null>
  review(): Promise<Review>
  /** Hands what opens a protected key file to every gateway; gives to how many. Null: there is none that waits for it. */
  unlockGateways(): Promise<number | null>
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
    const isTidy = await opened.tidy()
    // what opens the key file is known at the end, if anything has needed it
    if (!isTidy) closing.push(() => opened.tidy())
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
    return auditedVault(await bareVault(), await recorded())
  })
  const httpToken = async (action: 'show' | 'new'): Promise<string> => {
    const { readToken, replaceToken } = await import('./http-token.ts')
    const give = action === 'new' ? replaceToken : readToken
    return (await recorded())({ kind: 'key', action: `token ${action}` }, async () => give(paths.httpToken))
  }
  const gateway = once(async () => {
    const { openGateway } = await import('./open-gateway.ts')
    const rooms = { paths, vault: bareVault, activity: await activity(), keyAccess: await keyAccess(), closing }
    const opened = await openGateway(await config(), rooms)
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
  const unlockGateways = async (): Promise<number | null> => {
    const { isKeyWrapped } = await import('./vault/index.ts')
    if (!isKeyWrapped(paths.keyFile)) return 0
    const { handOver, isWaitedFor } = await import('./unlock-socket.ts')
    // nobody is asked for what nobody needs
    if (!(await isWaitedFor(paths))) return null
    await (await bareVault()).describeKey()
    const { handover } = await keyAccess()
    return handover === null ? 0 : handOver(paths, handover)
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

/** Opens at the first call. A failure is not kept: the user may have mended it since. */
function once<T>(open: () => Promise<T>): () => Promise<T> {
  let opened: Promise<T> | null = null
  return () => {
    opened ??= open().catch((error) => {
      opened = null
      throw error
    })
    return opened
  }
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

function sayWaiting(): void {
  log.info('waiting for another mcplexer that is changing the vault')
}
