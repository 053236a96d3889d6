import { accessSync, constants, lstatSync, readdirSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'

const FOLDER = '/dev'
/** What bwrap makes by itself, new terminals among it, and the old terminals. */
const MADE_ANEW = /^(null|zero|full|random|urandom|core|fd|stdin|stdout|stderr|console|ptmx|pts|tty\d*|vcs.*)$/

/**
 * A `/dev` with all that the user can use but his terminals, as arguments of bwrap(1): whoever opens one of them reads
 * what is typed there, which may be the value of another server. What is plugged in later is there at the next start.
 */
export function devicesWithoutTerminals(): string[] {
  const names = readdirSync(FOLDER).filter((name) => !MADE_ANEW.test(name))
  return ['--dev', FOLDER, ...names.flatMap((name) => argumentsFor(join(FOLDER, name)))]
}

function argumentsFor(path: string): string[] {
  const about = lstatSync(path, { throwIfNoEntry: false })
  if (about?.isSymbolicLink() === true) return ['--symlink', readlinkSync(path), path]
  return canUse(path) ? ['--dev-bind-try', path, path] : []
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
