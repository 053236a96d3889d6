import { timingSafeEqual } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { createExclusively, ensurePrivateFolder, Secret } from '../../../base/index.ts'

const encoder = new TextEncoder()

/** The bearer token of this home, made at first use: 256 random bits, in a file with 0600. */
export function loadToken(path: string): Secret {
  ensurePrivateFolder(dirname(path))
  const fresh = crypto
    .getRandomValues(new Uint8Array(32))
    .toBase64({ alphabet: 'base64url', omitPadding: true })
  createExclusively(path, encoder.encode(`${fresh}\n`))
  return Secret.fromText(readFileSync(path, 'utf8').trim())
}

/** Whether the `Authorization` header carries it; takes as long for a near miss as for a far one. RFC 6750. */
export function isAuthorized(header: string | null, token: Uint8Array): boolean {
  const [scheme = '', given = ''] = (header ?? '').split(' ')
  const offered = digest(encoder.encode(given))
  return scheme.toLowerCase() === 'bearer' && timingSafeEqual(offered, digest(token))
}

function digest(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(new Bun.CryptoHasher('sha256').update(bytes).digest())
}
