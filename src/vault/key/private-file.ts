import { closeSync, constants, fstatSync, lstatSync, openSync, realpathSync, type Stats } from 'node:fs'
import { dirname } from 'node:path'
import { isPrivate, readDescriptor, userHome } from '../../base/index.ts'
import { VaultError } from '../vault-error.ts'

export const MAX_KEY_FILE_BYTES = 512 * 1024
const STICKY = 0o1000

/**
 * The bytes of a private file, or null when there is none. As ssh does, it refuses what others can read or could
 * have put there: VAULT_KEY_FILE_UNSAFE with the command that mends it. The caller wipes the bytes.
 */
export function readPrivateFile(path: string): Uint8Array | null {
  const seen = lstatSync(path, { throwIfNoEntry: false })
  if (seen === undefined) return null
  if (seen.isSymbolicLink()) throw unsafe(path, 'is a symbolic link', `set MCPLEXER_AGE_KEY to the file itself`)
  if (!seen.isFile()) throw unsafe(path, 'is not a regular file', `move it away: mv '${path}' '${path}.old'`)
  checkFolders(path)
  const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants
  let handle: number
  try {
    handle = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
  } catch {
    throw unsafe(path, 'cannot be read', `chmod 600 '${path}'`)
  }
  try {
    checkFile(path, fstatSync(handle))
    return readDescriptor(handle, MAX_KEY_FILE_BYTES + 1)
  } finally {
    closeSync(handle)
  }
}

/** Whether there is a key file; throws VAULT_KEY_FILE_UNSAFE as reading it would. Nothing of it is kept. */
export function hasSafeKeyFile(path: string): boolean {
  const bytes = readPrivateFile(path)
  bytes?.fill(0)
  return bytes !== null
}

function checkFile(path: string, file: Stats): void {
  if (!file.isFile()) throw unsafe(path, 'is not a regular file', `move it away: mv '${path}' '${path}.old'`)
  if (file.size > MAX_KEY_FILE_BYTES)
    throw unsafe(path, 'is too large for a key file', `put the right file at ${path}`)
  if (isPrivate(file)) return
  if (file.uid !== ownUid()) throw unsafe(path, 'belongs to another user', `sudo chown "$USER" '${path}'`)
  throw unsafe(path, 'can be read or written by other users', `chmod 600 '${path}'`)
}

/**
 * Whoever can rename an entry of a folder above could put another file in the place of ours. As in ssh, it ends at
 * the user's home: what lies above may belong to nobody we know, in a container for example.
 */
function checkFolders(path: string): void {
  if (process.platform === 'win32') return
  const closest = realpathSync(dirname(path))
  const home = homeFolder()
  for (let folder = closest; ; folder = dirname(folder)) {
    const { mode, uid } = lstatSync(folder)
    const isProtected = folder !== closest && (mode & STICKY) !== 0
    if (mode & 0o022 && !isProtected) {
      // others rely on it: /tmp, or what belongs to the system
      const isShared = (mode & STICKY) !== 0 || uid !== ownUid()
      const hint = isShared
        ? 'choose a folder of your own: MCPLEXER_HOME=~/.mcplexer'
        : `chmod go-w '${folder}'`
      throw unsafe(path, `is in a folder that other users can write to: ${folder}`, hint)
    }
    if (uid !== ownUid() && uid !== 0) {
      throw unsafe(
        path,
        `is in a folder of another user: ${folder}`,
        'set MCPLEXER_AGE_KEY to a place of your own',
      )
    }
    if (folder === home || folder === dirname(folder)) return
  }
}

function homeFolder(): string | null {
  try {
    return realpathSync(userHome())
  } catch {
    return null
  }
}

function ownUid(): number {
  return process.getuid?.() ?? 0
}

function unsafe(path: string, reason: string, hint: string): VaultError {
  return new VaultError('VAULT_KEY_FILE_UNSAFE', `the key file ${path} ${reason}`, { hint })
}
