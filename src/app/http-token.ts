import { timingSafeEqual } from 'node:crypto'
import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync, type Stats } from 'node:fs'
import { dirname } from 'node:path'
import {
  createExclusively,
  ensurePrivateFolder,
  isPrivate,
  isRandomText,
  McplexerError,
  randomText,
  replaceAtomically,
} from '../base/index.ts'

const MAX_BYTES = 1024

/** The token in the file, made when there is none. Throws HTTP_TOKEN_UNSAFE. */
export function readToken(path: string): string {
  ensurePrivateFolder(dirname(path))
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) createExclusively(path, randomToken())
  return readChecked(path)
}

/** The old token is refused from now on, also by a server that runs. */
export function replaceToken(path: string): string {
  ensurePrivateFolder(dirname(path))
  replaceAtomically(path, randomToken())
  return readChecked(path)
}

/** Follows the file: gives what a bearer of the token in it is known by, or null for any other token. */
export function authorizer(path: string): (token: string) => string | null {
  let known: { readonly stamp: string; readonly digest: Buffer } | null = null
  return (token) => {
    try {
      const stamp = stampOf(lstatSync(path))
      if (known?.stamp !== stamp) known = { stamp, digest: sha256(readChecked(path)) }
    } catch {
      return null
    }
    const isSame = timingSafeEqual(sha256(token), known.digest)
    return isSame ? known.digest.toString('hex') : null
  }
}

/** Checked on the file that is open, as another could be put in its place meanwhile. */
function readChecked(path: string): string {
  const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants
  if (!lstatSync(path).isFile()) throw unsafe(path, 'is not a regular file')
  const handle = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
  try {
    if (!isTokenFile(fstatSync(handle))) throw unsafe(path, 'is not a file of yours that only you can read')
    const token = readFileSync(handle, 'utf8').trim()
    if (!isRandomText(token)) throw unsafe(path, 'holds no token')
    return token
  } finally {
    closeSync(handle)
  }
}

function isTokenFile(stats: Stats): boolean {
  return stats.isFile() && stats.size <= MAX_BYTES && isPrivate(stats)
}

function stampOf({ ino, mtimeMs, ctimeMs, size }: Stats): string {
  return `${ino} ${mtimeMs} ${ctimeMs} ${size}`
}

function sha256(text: string): Buffer {
  return new Bun.CryptoHasher('sha256').update(text).digest()
}

/** Of the alphabet of bearer tokens (RFC 6750, section 2.1). */
function randomToken(): Uint8Array {
  return new TextEncoder().encode(`${randomText()}\n`)
}

function unsafe(path: string, what: string): McplexerError {
  return new McplexerError('HTTP_TOKEN_UNSAFE', `${path} ${what}`, {
    hint: '`mcplexer token new` makes a new one',
  })
}
