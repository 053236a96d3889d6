import { existsSync, mkdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { log, type Paths, realFolder, userHome } from '../base/index.ts'
import { bwrapArguments, canBwrap, findBwrap } from './bwrap.ts'
import { bridgeCommand } from './egress/bridge.ts'
import type { EgressProxy, EgressRules } from './egress/proxy.ts'
import { landlockVersion, launcherCommand } from './landlock.ts'
import { checkHideable, isWithin, outermost } from './places.ts'
import type { Plan, Shield, ShieldKind, ShieldWish } from './plan.ts'
import { SandboxError } from './sandbox-error.ts'
import { canSeatbelt, seatbeltArguments } from './seatbelt.ts'
import { withVariables } from './variables.ts'

/** systemd lets each user write in some of them: who writes `cgroup.kill` there ends all that is in one, us too. */
const CONTROL_GROUPS = '/sys/fs/cgroup'

/** Puts servers behind the strongest shield that works on this machine. */
export class Sandbox {
  readonly #hidden: readonly string[]
  readonly #readOnly: readonly string[]
  readonly #home: string
  readonly #homes: string
  readonly #sockets: string
  /** By server and hosts: what runs keeps the way out that it was started with. */
  readonly #proxies = new Map<string, Promise<EgressProxy>>()
  #opened = 0
  /** Device and inode of each hidden folder, since it is known. */
  readonly #numbers = new Map<string, string | null>()
  #kind: Promise<ShieldKind> | null = null
  #hasWarned = false

  /** What is hidden: the folders of key, databases, token and socket, wherever the variables have put them. */
  constructor(paths: Paths) {
    this.#sockets = realFolder(dirname(paths.socket))
    this.#hidden = outermost([paths.home, dirname(paths.vault), dirname(paths.keyFile), this.#sockets])
    const config = realFolder(paths.config)
    const configs = this.#hidden.some((folder) => isWithin(config, folder)) ? [] : [config]
    this.#readOnly = [...configs, ...(existsSync(CONTROL_GROUPS) ? [CONTROL_GROUPS] : [])]
    this.#home = realFolder(userHome())
    this.#homes = join(paths.home, 'homes')
    for (const folder of this.#hidden) this.#numbers.set(folder, numberOf(folder))
  }

  /** What this machine has, found out once by trying it. */
  kind(): Promise<ShieldKind> {
    this.#kind ??= strongest().catch((error) => {
      this.#kind = null
      throw error
    })
    return this.#kind
  }

  /** Finds it out before the first server has to wait for it. */
  prepare(): void {
    this.kind().catch(() => log.debug('what shields this machine has is found out later'))
  }

  /** Throws SHIELD_MISSING when less would be had than the configuration asks for. */
  async shieldFor(wish: ShieldWish): Promise<Shield> {
    const kind = wish.level === 'off' ? 'none' : await this.kind()
    if (wish.isRequired && kind === 'none') throw missing(wish.id, 'a shield')
    if (!canGive(kind, wish)) throw missing(wish.id, 'bubblewrap')
    if (kind === 'none' && wish.level !== 'off') this.#warn()
    const proxy = typeof wish.network === 'string' ? null : await this.#proxyFor(wish, wish.network)
    return {
      kind,
      wrap: (command, folder, variables) => {
        const inner = withVariables(variables, command)
        return [...this.#inFront(kind, wish, proxy, command[0] ?? '', folder), ...inner]
      },
    }
  }

  async close(): Promise<void> {
    for (const proxy of await Promise.allSettled(this.#proxies.values()))
      if (proxy.status === 'fulfilled') proxy.value.close()
  }

  /** One for all processes of the server that were started with this list. */
  #proxyFor({ id, onRefused }: ShieldWish, hosts: readonly string[]): Promise<EgressProxy> {
    const key = JSON.stringify([id, ...hosts])
    const opened = this.#proxies.get(key) ?? this.#openProxy(id, { hosts, onRefused })
    this.#proxies.set(key, opened)
    opened.catch(() => this.#proxies.delete(key))
    return opened
  }

  async #openProxy(id: string, rules: EgressRules): Promise<EgressProxy> {
    const path = join(this.#sockets, `egress-${process.pid}-${this.#opened++}.sock`)
    mkdirSync(this.#sockets, { recursive: true, mode: 0o700 })
    const { EgressProxy } = await import('./egress/proxy.ts')
    try {
      return await EgressProxy.open(path, rules)
    } catch {
      throw new SandboxError('SHIELD_IMPOSSIBLE', `the way out of server ${id} cannot be opened at ${path}`, {
        hint: 'a socket needs a path under 100 bytes: set MCPLEXER_HOME to a shorter one; look at rights and disk',
      })
    }
  }

  #inFront(
    kind: ShieldKind,
    wish: ShieldWish,
    proxy: EgressProxy | null,
    executable: string,
    folder: string,
  ): string[] {
    if (kind === 'none') return []
    this.#checkSame()
    checkHideable(this.#hidden, { home: this.#home, folder, executable })
    if (kind === 'bwrap') {
      const program = findBwrap()
      if (program === null) throw missing(wish.id, 'bubblewrap')
      const shown = proxy === null ? [] : [proxy.path, realFolder(process.execPath)]
      const mounts = bwrapArguments({ ...this.#plan(wish, executable, folder), shown })
      return [program, ...mounts, ...(proxy === null ? [] : bridgeCommand(proxy.path))]
    }
    if (kind === 'seatbelt') return seatbeltArguments({ ...this.#plan(wish, executable, folder), shown: [] })
    return launcherCommand({ hidden: this.#hidden, readOnly: this.#readOnly, home: this.#home })
  }

  /** A folder that was moved away leaves what it holds open, and another one hidden in its place. */
  #checkSame(): void {
    for (const folder of this.#hidden) {
      const now = numberOf(folder)
      const before = this.#numbers.get(folder) ?? now
      if (before !== null && now !== before) throw moved(folder)
      this.#numbers.set(folder, before)
    }
  }

  #plan(wish: ShieldWish, executable: string, folder: string): Omit<Plan, 'shown'> {
    const privateHome = join(this.#homes, nameOfHome(wish))
    const { level, readable, writable, network } = wish
    const own = { hidden: this.#hidden, readOnly: this.#readOnly, home: this.#home }
    return { ...own, level, readable, writable, network, privateHome, folder, executable }
  }

  #warn(): void {
    if (this.#hasWarned) return
    this.#hasWarned = true
    log.warn('no shield works on this machine: servers can read whatever you can, the key file included')
    if (process.platform === 'linux')
      log.info('hint: install bubblewrap; `mcplexer doctor` says what is missing')
  }
}

/**
 * What a server keeps of its scope in its home is not for another command that takes over its id without the scope,
 * which nobody has approved. No id has a `+`.
 */
function nameOfHome({ id, authScope }: ShieldWish): string {
  return authScope === null ? id : `${id}+${authScope}`
}

/** Whether a shield of this kind has all that is asked for beyond the default. */
export function canGive(kind: ShieldKind, { level, network }: Pick<ShieldWish, 'level' | 'network'>): boolean {
  if (kind === 'bwrap' || (level !== 'strict' && network === 'all')) return true
  return kind === 'seatbelt' && typeof network === 'string'
}

async function strongest(): Promise<ShieldKind> {
  const program = findBwrap()
  if (program !== null && (await canBwrap(program))) return 'bwrap'
  if (canSeatbelt()) return 'seatbelt'
  return (await landlockVersion()) > 0 ? 'landlock' : 'none'
}

/** Null when it is not there. */
function numberOf(folder: string): string | null {
  const about = statSync(folder, { throwIfNoEntry: false })
  return about === undefined ? null : `${about.dev}:${about.ino}`
}

function moved(folder: string): SandboxError {
  return new SandboxError(
    'SHIELD_IMPOSSIBLE',
    `${folder} is not the folder any more that it was when mcplexer started`,
    {
      hint: 'a server may have moved it: look where it is now, put it back, and restart your client',
    },
  )
}

function missing(id: string, what: string): SandboxError {
  return new SandboxError(
    'SHIELD_MISSING',
    `server ${id} is not started: ${what} is asked for and does not work here`,
    {
      hint: 'install bubblewrap and let users make namespaces; `mcplexer doctor` says what works',
    },
  )
}
