import {
  closeSync,
  constants,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { McplexerError } from './errors.ts'
import { systemCode, systemReason } from './system-reason.ts'

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants
const PRIVATE_FILE = 0o600
const PRIVATE_FOLDER = 0o700

/** Temporary files are `.NAME.<random>.tmp` beside their target, so that whoever comes later can remove them. */
const TEMPORARY_TAIL = /^[0-9a-f]{8}\.tmp$/

const NO_LINKS = new Set<string | null>(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'])

/** Creates `folder` (and missing parents) with 0700; a folder that exists keeps its mode. */
export function ensurePrivateFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: PRIVATE_FOLDER })
  } catch (cause) {
    throw new McplexerError('BASE_FILE_UNWRITABLE', `cannot create the folder ${folder}`, {
      hint: `mkdir -p -m 700 '${folder}'`,
      cause,
    })
  }
}

/**
 * Puts `bytes` in place of the file at `path`: readers see the old content or the new, never half. The new file
 * has 0600 from its creation, and both it and its folder are synced. On error the old file is unchanged.
 */
export function replaceAtomically(path: string, bytes: Uint8Array): void {
  const temporary = writeTemporary(path, bytes)
  try {
    renameSync(temporary, path)
  } catch (cause) {
    unlinkSync(temporary)
    throw unwritable(path, cause)
  }
  syncFolder(dirname(path))
}

/**
 * Creates the file with 0600 and all of its content at once; of several processes exactly one succeeds. Returns
 * false, with nothing changed, when the path exists already.
 */
export function createExclusively(path: string, bytes: Uint8Array): boolean {
  const temporary = writeTemporary(path, bytes)
  try {
    linkSync(temporary, path)
  } catch (cause) {
    if (exists(path)) return false
    throw unwritable(path, cause)
  } finally {
    unlinkSync(temporary)
  }
  syncFolder(dirname(path))
  return true
}

/**
 * As `createExclusively`, and on file systems without links too, such as those of sticks: whole or not at all, but of
 * two that are written there at once the later one stays.
 */
export function createOnAnyDisk(path: string, bytes: Uint8Array): boolean {
  try {
    return createExclusively(path, bytes)
  } catch (error) {
    if (!(error instanceof McplexerError) || !NO_LINKS.has(systemCode(error.cause))) throw error
    replaceAtomically(path, bytes)
    return true
  }
}

/** Those that writing this file has left behind where it was killed. */
export function temporariesOf(path: string): string[] {
  const prefix = `.${basename(path)}.`
  try {
    return readdirSync(dirname(path))
      .filter((name) => name.startsWith(prefix) && TEMPORARY_TAIL.test(name.slice(prefix.length)))
      .map((name) => join(dirname(path), name))
  } catch {
    return []
  }
}

function writeTemporary(path: string, bytes: Uint8Array): string {
  const random = crypto.randomUUID().slice(0, 8)
  const temporary = join(dirname(path), `.${basename(path)}.${random}.tmp`)
  let file: number
  try {
    file = openSync(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, PRIVATE_FILE)
  } catch (cause) {
    throw unwritable(path, cause)
  }
  try {
    for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written)
    fsyncSync(file)
    return temporary
  } catch (cause) {
    unlinkSync(temporary)
    throw unwritable(path, cause)
  } finally {
    closeSync(file)
  }
}

/** A rename is durable only once its folder is synced. Windows cannot open a folder and does not need it. */
function syncFolder(folder: string): void {
  if (process.platform === 'win32') return
  const handle = openSync(folder, constants.O_RDONLY)
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined
}

function unwritable(path: string, cause: unknown): McplexerError {
  return new McplexerError('BASE_FILE_UNWRITABLE', `cannot write ${path}: ${systemReason(cause)}`, {
    hint: exists(dirname(path))
      ? `check that the disk has room and that ${dirname(path)} can be written to`
      : `mkdir -p '${dirname(path)}'`,
    cause,
  })
}
