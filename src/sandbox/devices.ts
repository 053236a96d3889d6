import { accessSync, constants, lstatSync, readdirSync, readlinkSync, type Stats } from 'node:fs'
import { join } from 'node:path'

const FOLDER = '/dev'
/** What bwrap makes by itself, new terminals among it, and the old terminals. */
const MADE_ANEW = /^(null|zero|full|random|urandom|core|fd|stdin|stdout|stderr|console|ptmx|pts|tty\d*|vcs.*)$/

/**
 * A `/dev` with what the user can use, as arguments of bwrap(1), but without the user's terminals: whoever opens one of them
 * reads what is typed there, which may be the value of another server. Nor has it disks, which our files lie on, or
 * what is for root alone. What is plugged in later is there at the next start.
 */
export function devicesForServers(): string[] {
  const names = readdirSync(FOLDER).filter((name) => !MADE_ANEW.test(name))
  return ['--dev', FOLDER, ...names.flatMap((name) => argumentsFor(join(FOLDER, name)))]
}

function argumentsFor(path: string): string[] {
  const about = lstatSync(path, { throwIfNoEntry: false })
  if (about?.isSymbolicLink() === true) return ['--symlink', readlinkSync(path), path]
  return about !== undefined && isForUsers(about) && canUse(path) ? ['--dev-bind-try', path, path] : []
}

function isForUsers(about: Stats): boolean {
  const { mode, uid, gid } = about
  const isForRootAlone = (mode & 0o006) === 0 && (gid === 0 || (mode & 0o060) === 0) && uid === 0
  return !about.isBlockDevice() && !isForRootAlone
}

function canUse(path: string): boolean {
  return [constants.R_OK, constants.W_OK].some((right) => {
    try {
      accessSync(path, right)
      return true
    } catch {
      return false
    }
  })
}
