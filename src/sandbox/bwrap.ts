import { accessSync, constants, existsSync, mkdirSync } from 'node:fs'
import { dirname, sep } from 'node:path'
import { hostEnvironment, realFolder } from '../base/index.ts'
import { devicesForServers } from './devices.ts'
import { doorsToOutside } from './doors.ts'
import { isWithin } from './places.ts'
import type { Plan } from './plan.ts'

/** Not PATH: a program of that name could be planted there. */
const PLACES = '/usr/bin:/bin:/usr/local/bin:/run/current-system/sw/bin'
/** With these root could undo the mounts or look past them. */
const ROOT_ONLY = [
  'SYS_ADMIN',
  'SYS_PTRACE',
  'SYS_MODULE',
  'SYS_RAWIO',
  'SYS_CHROOT',
  'MKNOD',
  'DAC_READ_SEARCH',
]
const PROCESSES = ['--unshare-pid', '--proc', '/proc', '--die-with-parent', '--new-session']

export function findBwrap(): string | null {
  return process.platform === 'linux' ? Bun.which('bwrap', { PATH: PLACES }) : null
}

/** Whether it can do here what is wanted of it: some distributions and containers forbid namespaces to users. */
export async function canBwrap(program: string): Promise<boolean> {
  const command = [
    program,
    '--dev-bind',
    '/',
    '/',
    '--dev',
    '/dev',
    ...PROCESSES,
    '--',
    '/bin/sh',
    '-c',
    'exit 0',
  ]
  return (await Bun.spawn(command, { stdio: ['ignore', 'ignore', 'ignore'], env: {} }).exited) === 0
}

/** The arguments in front of a server's own command line. bwrap(1); later mounts lie over earlier ones. */
export function bwrapArguments(plan: Plan): string[] {
  return [
    ...(plan.level === 'strict' ? strictMounts(plan) : ['--dev-bind', '/', '/', ...devicesForServers()]),
    ...pinnedAncestors(plan),
    ...withoutDoors(plan),
    ...plan.hidden
      .filter((folder) => existsSync(folder))
      .flatMap((folder) => ['--tmpfs', folder, ...shownIn(folder, plan), '--remount-ro', folder]),
    ...plan.readOnly.flatMap((path) => ['--ro-bind-try', path, path]),
    ...PROCESSES,
    ...(plan.network === 'all' ? [] : ['--unshare-net']),
    ...(process.getuid?.() === 0 ? ROOT_ONLY.flatMap((capability) => ['--cap-drop', `CAP_${capability}`]) : []),
    '--chdir',
    plan.folder,
    '--',
  ]
}

function shownIn(folder: string, { shown }: Plan): string[] {
  return shown.filter((path) => isWithin(path, folder)).flatMap((path) => ['--ro-bind', path, path])
}

/**
 * Whoever may rename a folder above a hidden one could put another in its place: a mount point cannot be renamed. Only
 * those whose own parent can be written, as a rename from one mount to another fails.
 */
function pinnedAncestors({ level, hidden, readOnly, writable }: Plan): string[] {
  const above = [...hidden, ...readOnly].flatMap((place) => {
    const parts = place.split(sep)
    return parts.slice(2, -1).map((_, index) => parts.slice(0, index + 3).join(sep))
  })
  const isStrict = level === 'strict'
  const open = isStrict ? writable.map(realFolder) : ['/']
  const movable = [...new Set(above)].filter(
    (folder) =>
      existsSync(folder) && canWrite(dirname(folder)) && open.some((place) => isWithin(dirname(folder), place)),
  )
  return movable.sort().flatMap((folder) => [isStrict ? '--bind' : '--dev-bind', folder, folder])
}

function canWrite(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK)
    return true
  } catch {
    return false
  }
}

/** Behind a strict shield too: they may lie elsewhere than in what it covers, or in what the server may read. */
function withoutDoors({ network }: Plan): string[] {
  const { folders, files } = doorsToOutside(network !== 'all')
  return [
    ...folders.flatMap((folder) => ['--tmpfs', folder]),
    ...files.flatMap((file) => ['--ro-bind', '/dev/null', file]),
  ]
}

/** A system that cannot be written, a home of the server's own that stays, and what the configuration adds. */
function strictMounts(plan: Plan): string[] {
  const { home, privateHome, folder, executable, readable, writable, shown, network } = plan
  mkdirSync(privateHome, { recursive: true, mode: 0o700 })
  const programs = (hostEnvironment()['PATH'] ?? '').split(':').filter((entry) => isWithin(entry, home))
  const needed = [
    ...programs,
    executable,
    realFolder(executable),
    ...readable,
    ...shown,
    ...(folder === home ? [] : [folder]),
  ]
  const covered = [home, '/tmp', '/run']
  const ownFiles = needed.filter((path) => covered.some((place) => isWithin(path, place)) && existsSync(path))
  return [
    ...['--ro-bind', '/', '/', '--dev', '/dev', '--tmpfs', '/tmp', '--tmpfs', '/run'],
    ...(network === 'all' ? ['--ro-bind-try', '/run/systemd/resolve', '/run/systemd/resolve'] : []),
    ...['--bind', privateHome, home],
    ...ownFiles.flatMap((path) => ['--ro-bind', path, path]),
    ...writable.flatMap((path) => ['--bind-try', path, path]),
  ]
}
