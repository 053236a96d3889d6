import { closeSync, constants, mkdirSync, openSync, readdirSync, statSync } from 'node:fs'
import { join, sep } from 'node:path'
import { type Kernel, openKernel } from './kernel.ts'
import { isWithin } from './places.ts'

/** Known to `main.ts`: the executable as the launcher of a server. */
const LAUNCHER_WORD = '__shielded'
const O_PATH = 0o10000000
const READ_FILE = 1n << 2n
const READ_DIR = 1n << 3n
/** execute, write, read, truncate, ioctl: what a file can be allowed. */
const FILE_RIGHTS = (1n << 0n) | (1n << 1n) | (1n << 2n) | (1n << 14n) | (1n << 15n)
/** Rights that each version knows, by their number; landlock(7). */
const RIGHTS = [0, 13, 14, 15, 15, 16, 16, 16]
/** Abstract sockets and signals, from version 6 on. */
const SCOPES = 3n
/** Made before, as nothing can be made beside them once the rules hold. */
const CACHES = ['.npm', '.cache', '.config', '.local']

interface Restriction {
  readonly hidden: readonly string[]
  /** Files and folders that may be read; nothing new can be made beside them. */
  readonly readOnly: readonly string[]
  readonly home: string
}

export async function landlockVersion(): Promise<number> {
  return (await openKernel())?.landlockVersion() ?? 0
}

/** What goes in front of a server's command line: ourselves, to give up the rights and become the server. */
export function launcherCommand(restriction: Restriction): string[] {
  return [process.execPath, LAUNCHER_WORD, JSON.stringify(restriction)]
}

/**
 * From now on this process and all that it starts reach everything but the hidden folders: Landlock can only allow,
 * so that all the neighbours of each folder on the way are allowed. Throws when the kernel refuses.
 */
export function restrictSelf(kernel: Kernel, { hidden, readOnly, home }: Restriction): void {
  for (const cache of CACHES) mkdirSync(join(home, cache), { recursive: true, mode: 0o700 })
  const version = Math.min(kernel.landlockVersion(), RIGHTS.length - 1)
  const rights = (1n << BigInt(RIGHTS[version] ?? 0)) - 1n
  const attributes = version >= 6 ? [rights, 0n, SCOPES] : version >= 4 ? [rights, 0n] : [rights]
  const ruleset = succeeded(kernel.createRuleset(new BigUint64Array(attributes)))
  allow(kernel, ruleset, '/', READ_DIR)
  for (const path of allowedBeside([...hidden, ...readOnly])) allow(kernel, ruleset, path, rights)
  for (const path of readOnly) allow(kernel, ruleset, path, READ_FILE)
  succeeded(kernel.noNewPrivileges())
  succeeded(kernel.restrictSelf(ruleset))
  closeSync(ruleset)
}

/** Every path that is on the way to no hidden folder, and whose parent is. */
function allowedBeside(hidden: readonly string[]): string[] {
  const onTheWay = new Set(
    hidden.flatMap((folder) =>
      folder.split(sep).map((_, depth, parts) => parts.slice(0, depth).join(sep) || '/'),
    ),
  )
  return [...onTheWay].flatMap((folder) =>
    namesIn(folder)
      .map((name) => join(folder, name))
      .filter((path) => !onTheWay.has(path) && !hidden.some((place) => isWithin(path, place))),
  )
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

/** What has gone meanwhile, or cannot be opened, needs no rule. */
function allow(kernel: Kernel, ruleset: number, path: string, rights: bigint): void {
  try {
    const handle = openSync(path, O_PATH | constants.O_NOFOLLOW)
    const isFolder = statSync(path).isDirectory()
    kernel.addPathRule(ruleset, isFolder ? rights : rights & FILE_RIGHTS, handle)
    closeSync(handle)
  } catch {
    // a broken link, for example
  }
}

function succeeded(result: number): number {
  if (result < 0) throw new Error('the kernel has refused a rule')
  return result
}
