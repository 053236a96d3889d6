import { existsSync, statSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import { absoluteEntries, isForbiddenName } from '../../base/index.ts'
import type { Server } from '../../config/index.ts'
import type { Shield } from '../../sandbox/index.ts'
import { GatewayError } from '../gateway-error.ts'
import type { Watchdog } from './watchdog.ts'

const STDIN_GRACE_MS = 2000
const SIGTERM_GRACE_MS = 1000

export interface Launch {
  readonly server: Server
  /** Absolute. */
  readonly folder: string
  /** All that the child gets, secrets included. */
  readonly environment: Readonly<Record<string, string>>
}

/** A running server: three pipes, one process group. */
export interface ServerProcess {
  readonly stdin: Bun.FileSink
  readonly stdout: ReadableStream<Uint8Array>
  readonly stderr: ReadableStream<Uint8Array>
  /** Resolves with what to tell a person: `exit code 3`, `SIGKILL`. */
  readonly ended: Promise<string>
  /** stdin closed → 2 s → SIGTERM to the group → 1 s → SIGKILL. Resolves when the group is gone. */
  stop(): Promise<void>
}

/**
 * Starts a server in a process group of its own. Throws SERVER_COMMAND_NOT_FOUND, SERVER_FOLDER_MISSING or
 * SERVER_SPAWN_FAILED; the last without a cause, as Bun's own errors print values.
 */
export function spawnServer(launch: Launch, watchdog: Watchdog, shield: Shield): ServerProcess {
  const executable = findExecutable(launch)
  checkFolder(launch)
  const { outside, behind } = environmentsOf(launch)
  const { command, registration } = watchdog.wrap(
    shield.wrap([executable, ...launch.server.args], launch.folder, behind),
  )
  try {
    const child = Bun.spawn(command, {
      stdio: ['pipe', 'pipe', 'pipe', registration],
      env: outside,
      cwd: launch.folder,
      detached: true,
    })
    const ended = child.exited.then(() => describeEnd(child.exitCode, child.signalCode))
    const { stdin, stdout, stderr, pid } = child
    return { stdin, stdout, stderr, ended, stop: () => stopGroup(pid, stdin, ended, watchdog) }
  } catch {
    throw new GatewayError('SERVER_SPAWN_FAILED', `server ${launch.server.id} could not be started`, {
      hint: 'its environment or arguments may be too large for this system; `mcplexer secret list` shows what it gets',
    })
  }
}

type Variables = Record<string, string>

/** What the entry's own `env` names may be code to whatever starts the server; it is for the server alone. */
function environmentsOf({ server, environment }: Launch): { outside: Variables; behind: Variables } {
  const isForServerAlone = (name: string): boolean =>
    process.platform !== 'win32' && Object.hasOwn(server.env, name) && isForbiddenName(name)
  const [behind = [], outside = []] = [true, false].map((wanted) =>
    Object.entries(environment).filter(([name]) => isForServerAlone(name) === wanted),
  )
  return { outside: Object.fromEntries(outside), behind: Object.fromEntries(behind) }
}

function findExecutable({ server, environment }: Launch): string {
  const found = isAbsolute(server.command)
    ? Bun.which(server.command)
    : Bun.which(server.command, { PATH: absoluteEntries(environment['PATH'] ?? '') })
  if (found !== null) return found
  throw noProgram(server, environment['PATH'] ?? '')
}

function noProgram({ id, command }: Server, path: string): GatewayError {
  if (isAbsolute(command) && existsSync(command)) {
    const message = `server ${id}: ${command} is no program that can be run`
    return new GatewayError('SERVER_COMMAND_NOT_FOUND', message, { hint: `ls -ld '${command}'` })
  }
  const elsewhere = isAbsolute(command) ? '' : `, or write its full path as \`command\`; looked in PATH=${path}`
  const hint = /\s/.test(command)
    ? 'write the program alone as `command`, and its arguments under `args`'
    : `install ${command}${elsewhere}`
  return new GatewayError('SERVER_COMMAND_NOT_FOUND', `server ${id}: command ${command} was not found`, {
    hint,
  })
}

function checkFolder({ server, folder }: Launch): void {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return
  throw new GatewayError('SERVER_FOLDER_MISSING', `server ${server.id}: its folder ${folder} does not exist`, {
    hint: `\`mkdir -p '${folder}'\` makes it; or change \`cwd\` of ${server.id}`,
  })
}

async function stopGroup(
  pid: number,
  stdin: Bun.FileSink,
  ended: Promise<string>,
  watchdog: Watchdog,
): Promise<void> {
  try {
    await stdin.end()
  } catch {
    // the other end is closed already, which is what we want
  }
  if (!(await endsWithin(ended, STDIN_GRACE_MS))) {
    signalGroup(pid, 'SIGTERM')
    await endsWithin(ended, SIGTERM_GRACE_MS)
  }
  signalGroup(pid, 'SIGKILL')
  await ended
  watchdog.release(pid)
}

async function endsWithin(ended: Promise<string>, ms: number): Promise<boolean> {
  let timer: Timer | undefined
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms)
  })
  try {
    return await Promise.race([ended.then(() => true), late])
  } finally {
    clearTimeout(timer)
  }
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, signal)
  } catch {
    // ESRCH: nobody is left
  }
}

function describeEnd(exitCode: number | null, signal: string | number | null): string {
  return signal === null ? `exit code ${exitCode ?? 'unknown'}` : String(signal)
}
