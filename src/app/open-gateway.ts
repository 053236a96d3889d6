import type { AuditLog } from '../audit/index.ts'
import type { CredentialSource } from '../auth/index.ts'
import { hardenProcess, log, type Paths, releaseMemoryWhenIdle } from '../base/index.ts'
import type { Config } from '../config/index.ts'
import type { Gateway } from '../gateway/index.ts'
import type { ActivityDatabase } from '../store/index.ts'
import type { KeyAccess, Vault } from '../vault/index.ts'
import type { Word } from './unlock-socket.ts'
import { waitForUnlocking } from './wait-for-unlocking.ts'

/** What the gateway is joined with. */
interface GatewayRooms {
  readonly paths: Paths
  /** Not the one that puts on record: what the gateway opens for a server is on record as a part of the call. */
  readonly vault: () => Promise<Vault>
  /** Null: nothing is put on record or remembered. */
  readonly activity: ActivityDatabase | null
  readonly keyAccess: KeyAccess
  /** Gets what has to be done after the gateway was closed; what came last is done first. */
  readonly closing: (() => unknown)[]
}

/** Over the configuration `initial`, and every valid one that takes its place in the file. The caller closes it. */
export async function openGateway(initial: Config, rooms: GatewayRooms): Promise<Gateway> {
  await hardenProcess()
  let current = initial
  const inForce = (): Config => current
  const gateway = await joined(initial, inForce, rooms)
  if (rooms.activity !== null) await keepHouse(rooms.activity, inForce, rooms)
  const { watchConfig } = await import('../config/index.ts')
  const watch = watchConfig(initial, {
    onChange: (config) => {
      current = config
      log.info(`${config.path} has changed and is in force`)
      gateway.configure(config).catch(() => log.error(`${config.path} is in force only in part`))
    },
    onError: sayInvalid,
  })
  rooms.closing.push(() => watch.close(), releaseMemoryWhenIdle())
  return gateway
}

async function joined(
  initial: Config,
  inForce: () => Config,
  { paths, vault, activity, keyAccess, closing }: GatewayRooms,
): Promise<Gateway> {
  const { Gateway } = await import('../gateway/index.ts')
  const { openCredentials } = await import('../auth/index.ts')
  const { Sandbox } = await import('../sandbox/index.ts')
  const { rememberedIn } = await import('./remembered.ts')
  const sandbox = new Sandbox(paths)
  if (wantsShield(initial)) sandbox.prepare()
  const remembered = activity === null ? null : rememberedIn(activity)
  const credentials = openCredentials({ config: inForce, vault, launches: remembered?.launches ?? null })
  credentials.onLock(({ isLocked }) => isLocked && keyAccess.forget())
  const { AuditLog } = await import('../audit/index.ts')
  const audit = new AuditLog(activity, initial.audit)
  await waitForUnlocking(paths, (word) => take(word, { keyAccess, credentials, audit }), closing)
  return new Gateway({
    config: initial,
    credentials,
    store: remembered?.catalog ?? null,
    pins: remembered?.pins ?? null,
    sandbox,
    audit,
    digestKey: await digestKeyIn(activity),
  })
}

interface Told {
  readonly keyAccess: KeyAccess
  readonly credentials: CredentialSource
  readonly audit: AuditLog
}

/** Gives whether it was of use, as a lock always is. */
function take(word: Word, { keyAccess, credentials, audit }: Told): boolean {
  if (typeof word === 'string' || 'fileKey' in word) {
    keyAccess.give(word)
    return true
  }
  const { isLocked } = word
  const wasLocked = credentials.holdLock(isLocked)
  const action = `${isLocked ? 'lock' : 'unlock'} of one gateway`
  if (wasLocked !== isLocked) audit.record({ kind: 'lock', action, decision: 'allowed' })
  return isLocked || wasLocked
}

/** What is done now and then, as the configuration in force says. */
async function keepHouse(
  activity: ActivityDatabase,
  inForce: () => Config,
  { vault, closing }: GatewayRooms,
): Promise<void> {
  const { pruneRegularly } = await import('../audit/index.ts')
  closing.push(pruneRegularly(activity, () => inForce().audit))
  const { lockWhenIdle } = await import('./idle-lock.ts')
  closing.push(lockWhenIdle(activity, vault, () => inForce().lockIdleMin))
}

function wantsShield({ enabled }: Config): boolean {
  return enabled.some(({ shield }) => shield !== 'off')
}

/** Where no key can be kept each run makes its own, and so other digests of the same arguments. */
async function digestKeyIn(activity: ActivityDatabase | null): Promise<Uint8Array> {
  const { auditDigestKey } = await import('../store/index.ts')
  const kept = await (activity === null ? null : auditDigestKey(activity).catch(() => null))
  return kept ?? crypto.getRandomValues(new Uint8Array(32))
}

function sayInvalid(error: unknown): void {
  log.failure(error, 'the configuration cannot be read')
  log.info('the configuration before that change stays in force')
}
