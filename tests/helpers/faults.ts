import { readdirSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { withPassphrase } from './passphrase.ts'
import { BINARY, TempHome } from './temp-home.ts'
import { fillVault } from './vault-of.ts'

export const hasStrace = Bun.which('strace') !== null
/** More than any of the commands makes of one call on its own files. */
const MOST_CALLS = 80

/** A call of the kernel, and how it fails: as strace names both. */
type Fault = [call: string, fault: string]

/** Every call that changes or reads what is on disk, with a way to fail that the kernel has. */
export const FAULTS: Fault[] = [
  ['pwrite64', 'error=EIO'],
  ['pwrite64', 'error=ENOSPC'],
  ['fsync', 'error=EIO'],
  ['ftruncate', 'error=EIO'],
  ['rename', 'error=EACCES'],
  ['unlink', 'error=EACCES'],
  ['openat', 'error=EACCES'],
  ['pread64', 'error=EIO'],
  ['pwrite64', 'signal=KILL'],
  ['fsync', 'signal=KILL'],
  ['rename', 'signal=KILL'],
  ['unlink', 'signal=KILL'],
]
export const RECORD = ['activity.db', 'activity.db-wal', 'activity.db-shm']
const OWN = ['age.key', '.age.key.lock', 'mcplexer.db', 'mcplexer.db-journal', ...RECORD]

/** A new name is one of ours, which a filter by path does not look at. */
export function ownPaths(home: TempHome, call: string): string[] | null {
  return call === 'rename' ? null : [home.path, ...OWN.map((name) => home.file(name))]
}

/** What an interrupted write left in a folder. */
export const temporaries = (folder: string) => readdirSync(folder).filter((name) => name.endsWith('.tmp'))
export const errorIn = (stderr: string) => /error: .*/.exec(stderr)?.[0]

export async function homeOfTwo(): Promise<{ home: TempHome; values: Map<string, string> }> {
  const home = new TempHome('auth_scopes: [{ id: s0 }, { id: s1 }]')
  const values = await fillVault(home, 2)
  // the record is there, so that each run makes the same calls
  await home.run(['token', 'show'])
  return { home, values }
}

/** What one of several homes needs, in which the calls fail one after the other. */
interface Setting {
  readonly home: TempHome
  /** What is run the `when`th time. */
  args(when: number): readonly string[]
  /** Only calls on these files; null: on all. */
  readonly paths: readonly string[] | null
  readonly env?: Record<string, string>
  /** Given to it as a passphrase. */
  readonly passphrase?: string
  /** Right before each run. */
  arrange?(): void
  check(when: number, exitCode: number | null): Promise<void>
}

/**
 * Runs a command again and again; each time another one of its calls fails, until there is none left to fail. Side by
 * side in several homes, which share the calls. Gives how many there were.
 */
export async function failEachCall(open: () => Promise<Setting>, [call, fault]: Fault): Promise<number> {
  const workers = Math.min(4, availableParallelism())
  const chase = async (first: number): Promise<number> => {
    const setting = await open()
    using _ = setting.home
    for (let when = first; when <= MOST_CALLS; when += workers) {
      setting.arrange?.()
      const { exitCode, isInjected } = await runWithFault(setting, setting.args(when), [call, fault], when)
      if (!isInjected) return when - 1
      await setting.check(when, exitCode)
    }
    return MOST_CALLS
  }
  const counts = await Promise.all(Array.from({ length: workers }, (_, index) => chase(index + 1)))
  return Math.max(...counts)
}

async function runWithFault(
  { home, paths, passphrase, env }: Setting,
  args: readonly string[],
  [call, fault]: Fault,
  when: number,
): Promise<{ exitCode: number | null; isInjected: boolean }> {
  const trace = join(home.folder, 'trace')
  const filter = (paths ?? []).flatMap((path) => ['-P', path])
  const inject = ['-e', `trace=${call}`, '-e', `inject=${call}:${fault}:when=${when}`]
  // without a filter only the first thread, which does all of it: what others wake each other with is counted, too
  const threads = paths === null ? [] : ['-f']
  const command = ['strace', ...threads, '-qq', '-o', trace, ...filter, ...inject, BINARY, ...args]
  const given =
    passphrase === undefined
      ? { cmd: command, env: { ...home.env, ...env } }
      : withPassphrase(home, passphrase, command)
  const child = Bun.spawn({ ...given, stdio: ['ignore', 'ignore', 'ignore'] })
  const exitCode = await child.exited
  const text = readFileSync(trace, 'utf8')
  const isInjected = text.includes('(INJECTED)') || text.includes('killed by SIGKILL')
  return { exitCode, isInjected }
}
