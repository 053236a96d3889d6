import { openCLibrary } from './c-library.ts'
import { hostEnvironment } from './env.ts'
import { log } from './log.ts'

/** Linux: prctl(2), setrlimit(2). */
const PR_SET_DUMPABLE = 4
const RLIMIT_CORE = 4
/** With them the runtime opens a debugger, runs code of others, prints tokens or trusts any certificate. */
const DANGEROUS = /^(BUN_OPTIONS|BUN_INSPECT.*|BUN_CONFIG_VERBOSE_FETCH)$/

let isDone = false

/**
 * Before a secret is in memory: no core file of this process, and no other process of the same user that reads its
 * memory or environment. Best effort, on Linux only; both end at exec, so servers are not touched.
 */
export async function hardenProcess(): Promise<void> {
  if (isDone) return
  isDone = true
  for (const name of dangerousVariables())
    log.warn(`${name} is set: it changes how this program runs; unset it`)
  if (process.platform !== 'linux') return
  try {
    await forbidDumps()
  } catch {
    log.debug('this process could not be made undumpable')
  }
}

/** The names of those that are set. */
export function dangerousVariables(): string[] {
  const environment = hostEnvironment()
  const names = Object.keys(environment).filter((name) => DANGEROUS.test(name))
  return environment['NODE_TLS_REJECT_UNAUTHORIZED'] === '0'
    ? [...names, 'NODE_TLS_REJECT_UNAUTHORIZED']
    : names
}

async function forbidDumps(): Promise<void> {
  const library = await openCLibrary(({ i32, u64, pointer }) => ({
    prctl: { args: [i32, u64, u64, u64, u64], returns: i32 },
    setrlimit: { args: [i32, pointer], returns: i32 },
  }))
  if (library === null) throw new Error('no C library was found')
  const { symbols, ptr } = library
  symbols.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
  symbols.setrlimit(RLIMIT_CORE, ptr(new BigUint64Array(2)))
}
