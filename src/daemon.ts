import { dirname, join } from 'node:path'
import { runFolder } from './app/run-folder.ts'
import {
  environmentNaming,
  isTerminal,
  log,
  McplexerError,
  type Paths,
  resolvePaths,
  systemClock,
  systemReason,
} from './base/index.ts'
import { ClientSession } from './gateway/front.ts'
import {
  askDaemon,
  connectSocket,
  type DaemonStatus,
  joinStdio,
  listenSocket,
  STATUS,
  STOP,
} from './gateway/socket.ts'
import { sessionDeps } from './serve.ts'

const START_LIMIT_MS = 10_000
const STOP_LIMIT_MS = 15_000
const LOOK_MS = 10
/** Whoever removes the home does not expect that its secrets are used any longer. */
const REACHABLE_EVERY_MS = 2000

/** Starts a gateway in the background unless one runs already. Throws DAEMON_…; gives what runs now. */
export async function startDaemon(configPath: string | undefined): Promise<DaemonStatus & { isNew: boolean }> {
  const paths = readyPaths(configPath)
  const { socket } = paths
  const running = await askDaemon(socket, STATUS)
  if (running !== null) return { ...checkedConfig(running, paths), isNew: false }
  const child = Bun.spawn([process.execPath, 'serve', '--daemon', '--foreground'], {
    stdio: ['ignore', 'ignore', 'ignore'],
    cwd: dirname(socket),
    env: environmentNaming(paths),
    detached: true,
  })
  child.unref()
  const started = await untilItAnswers(socket, child)
  // another was faster; ours waits for its end, to take its place
  if (started.pid !== child.pid) child.kill('SIGKILL')
  return { ...started, isNew: started.pid === child.pid }
}

/** The daemon itself: one for each home, kept so by a lock that the kernel takes back. */
export async function runDaemon(configPath: string | undefined, stopped: Promise<void>): Promise<number> {
  try {
    const paths = readyPaths(configPath)
    const running = await askDaemon(paths.socket, STATUS)
    if (running !== null) throw runsAlready(running.pid)
    // one that is ending has its servers to end, and the lock until then
    return await withDaemonLock(paths, START_LIMIT_MS, () => listen(paths.socket, configPath, stopped))
  } catch (error) {
    log.failure(error, `the daemon ended unexpectedly: ${systemReason(error)}`)
    return 1
  }
}

/** `mcplexer connect`: one client app, joined to the daemon, which is started with this file when there is none. */
export async function connect(configPath?: string): Promise<number> {
  log.neverBlock()
  if (await isTerminal(0)) log.info('connect speaks MCP with the AI client that starts it (Ctrl-C ends it)')
  try {
    await startDaemon(configPath)
    const socket = await connectSocket(resolvePaths(configPath).socket)
    if (socket === null) throw notStarted()
    if (await joinStdio(socket, process.cwd())) return 0
    log.error('the daemon has ended; the client may start `mcplexer connect` again')
    return 1
  } catch (error) {
    log.failure(error, 'connect ended unexpectedly')
    return 1
  }
}

/** What ran until now, gone when this returns; null when nothing did. Throws DAEMON_NOT_ENDED. */
export async function stopDaemon(paths: Paths): Promise<DaemonStatus | null> {
  const status = await askDaemon(paths.socket, STOP)
  if (status === null) return null
  for (const startedMs = performance.now(); performance.now() - startedMs < STOP_LIMIT_MS; ) {
    if (await hasGone(paths, status.pid)) return status
    await Bun.sleep(LOOK_MS)
  }
  throw notEnded(status.pid)
}

/** Who gets its lock knows that it has gone, unless the next one was faster. */
async function hasGone(paths: Paths, pid: number): Promise<boolean> {
  const isFree = await withDaemonLock(paths, 0, async () => true).catch(() => false)
  if (isFree) return true
  const next = await askDaemon(paths.socket, STATUS).catch(() => null)
  return next !== null && next.pid !== pid
}

async function withDaemonLock<T>({ socket }: Paths, limitMs: number, work: () => Promise<T>): Promise<T> {
  const { withFileLock } = await import('./store/index.ts')
  const waiting = { clock: systemClock, onWait: () => undefined, limitMs }
  return withFileLock(join(dirname(socket), 'daemon.lock'), waiting, work)
}

async function listen(socket: string, configPath: string | undefined, stopped: Promise<void>): Promise<number> {
  log.neverBlock()
  const { App } = await import('./app.ts')
  const app = new App(configPath === undefined ? {} : { configPath })
  const asked = Promise.withResolvers<void>()
  const server = await listenSocket({
    path: socket,
    config: app.paths.config,
    openSession: (home, clientFolder) => new ClientSession({ ...sessionDeps(app, clientFolder), home }),
    onStop: () => asked.resolve(),
  })
  log.info(`listening on ${socket}, with ${app.paths.config}`)
  const watch = setInterval(() => {
    if (!server.isReachable()) asked.resolve()
  }, REACHABLE_EVERY_MS)
  await Promise.race([asked.promise, stopped])
  clearInterval(watch)
  await server.close()
  await app.close()
  return 0
}

/** One gateway has one configuration: nobody is given another one than they asked for. */
function checkedConfig(running: DaemonStatus, { config }: Paths): DaemonStatus {
  if (running.config === config) return running
  throw new McplexerError(
    'DAEMON_OTHER_CONFIG',
    `the gateway in the background runs with ${running.config}, not with ${config}`,
    { hint: '`mcplexer daemon stop` ends it; or set MCPLEXER_HOME to another folder for another gateway' },
  )
}

function readyPaths(configPath: string | undefined): Paths {
  if (process.platform === 'win32') {
    throw new McplexerError('DAEMON_UNSUPPORTED', 'there is no daemon on Windows', { hint: 'mcplexer serve' })
  }
  const paths = resolvePaths(configPath)
  runFolder(paths)
  return paths
}

async function untilItAnswers(socket: string, child: Bun.Subprocess): Promise<DaemonStatus> {
  for (const startedMs = performance.now(); performance.now() - startedMs < START_LIMIT_MS; ) {
    const hasEnded = child.exitCode !== null || child.signalCode !== null
    const status = await askDaemon(socket, STATUS)
    if (status !== null) return status
    if (hasEnded) break
    await Bun.sleep(LOOK_MS)
  }
  throw notStarted()
}

function runsAlready(pid: number): McplexerError {
  return new McplexerError('DAEMON_RUNS', `process ${pid} runs already`, { hint: 'mcplexer daemon stop' })
}

function notEnded(pid: number): McplexerError {
  return new McplexerError('DAEMON_NOT_ENDED', `process ${pid} was asked to end, and still runs`, {
    hint: `\`kill -9 ${pid}\` ends it, and its servers`,
  })
}

function notStarted(): McplexerError {
  return new McplexerError('DAEMON_NOT_STARTED', 'the daemon did not start', {
    hint: '`mcplexer serve --daemon --foreground` shows why',
  })
}
