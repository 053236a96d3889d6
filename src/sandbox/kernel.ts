import { openCLibrary } from '../base/index.ts'

/** System calls that the runtime does not offer. Linux: syscall(2), landlock(7), prctl(2). */
export interface Kernel {
  /** The version of Landlock, 0 when there is none. */
  landlockVersion(): number
  /** A descriptor. */
  createRuleset(attributes: BigUint64Array): number
  addPathRule(ruleset: number, access: bigint, folder: number): number
  restrictSelf(ruleset: number): number
  noNewPrivileges(): number
  /** Returns only when it fails. */
  execute(command: readonly string[]): number
}

const CREATE_RULESET = 444
const ADD_RULE = 445
const RESTRICT_SELF = 446
const VERSION_FLAG = 1
const PATH_BENEATH = 1
const PR_SET_NO_NEW_PRIVS = 38
const SIGPIPE = 13

/** Null where there is no Linux. */
export async function openKernel(): Promise<Kernel | null> {
  const library = await openCLibrary(({ i32, i64, u64, pointer }) => ({
    syscall: { args: [i64, u64, u64, u64, u64], returns: i64 },
    prctl: { args: [i32, u64, u64, u64, u64], returns: i32 },
    execv: { args: [pointer, pointer], returns: i32 },
    signal: { args: [i32, u64], returns: u64 },
  }))
  if (library === null) return null
  const { symbols, ptr } = library
  const call = (...words: Parameters<typeof symbols.syscall>) => Number(symbols.syscall(...words))
  return {
    landlockVersion: () => Math.max(0, call(CREATE_RULESET, 0, 0, VERSION_FLAG, 0)),
    createRuleset: (attributes) => call(CREATE_RULESET, ptr(attributes), attributes.byteLength, 0, 0),
    addPathRule: (ruleset, access, folder) =>
      call(ADD_RULE, ruleset, PATH_BENEATH, ptr(pathRule(access, folder)), 0),
    restrictSelf: (ruleset) => call(RESTRICT_SELF, ruleset, 0, 0, 0),
    noNewPrivileges: () => symbols.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
    execute: (command) => {
      // the runtime ignores it, and a program that is started so would, too
      symbols.signal(SIGPIPE, 0)
      const words = command.map((word) => Buffer.from(`${word}\0`))
      const pointers = new BigUint64Array([...words.map((word) => BigInt(ptr(word))), 0n])
      return symbols.execv(ptr(words[0] ?? Buffer.alloc(1)), ptr(pointers))
    },
  }
}

/** `struct landlock_path_beneath_attr`, packed: 64 bits of rights, 32 bits of descriptor. */
function pathRule(access: bigint, folder: number): Uint8Array {
  const bytes = new Uint8Array(12)
  const view = new DataView(bytes.buffer)
  view.setBigUint64(0, access, true)
  view.setInt32(8, folder, true)
  return bytes
}
