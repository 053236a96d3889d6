import { createPublicKey, verify as verifySignature } from 'node:crypto'

/**
 * The head of the chain, signed by the vault's key, on one line to be kept elsewhere:
 *
 *     mcplexer-checkpoint/1 42 3f…a1 2026-11-21T10:00:00.000Z PUBLICKEY SIGNATURE
 *
 * Number and hash of the newest entry, time, Ed25519 public key and signature (RFC 8032), both base64url. The
 * signature is over everything in front of it, without the space.
 */
export interface Checkpoint {
  readonly seq: number
  /** Hex. */
  readonly hash: string
  readonly at: string
  readonly publicKey: string
}

const MAGIC = 'mcplexer-checkpoint/1'
const LINE = /^(mcplexer-checkpoint\/1 (\d+) ([0-9a-f]{64}) (\S+) ([\w-]{43})) ([\w-]{86})$/
/** RFC 8410: an Ed25519 public key as SubjectPublicKeyInfo. */
const SPKI_HEAD = Buffer.from('302a300506032b6570032100', 'hex')

/** The line; `sign` gives public key and signature of a text. */
export function encodeCheckpoint(
  head: { seq: number; hash: Uint8Array },
  at: Date,
  publicKey: Uint8Array,
  sign: (text: Uint8Array) => Uint8Array,
): string {
  const hash = Buffer.from(head.hash).toString('hex')
  const key = Buffer.from(publicKey).toString('base64url')
  const text = `${MAGIC} ${head.seq} ${hash} ${at.toISOString()} ${key}`
  return `${text} ${Buffer.from(sign(Buffer.from(text))).toString('base64url')}`
}

/** Null when it is none, or its signature is not of the key that it names. */
export function readCheckpoint(line: string): Checkpoint | null {
  const [, text = '', seq, hash = '', at = '', publicKey = '', signature = ''] = LINE.exec(line.trim()) ?? []
  if (text === '') return null
  const key = createPublicKey({
    key: Buffer.concat([SPKI_HEAD, Buffer.from(publicKey, 'base64url')]),
    format: 'der',
    type: 'spki',
  })
  const isSigned = verifySignature(null, Buffer.from(text), key, Buffer.from(signature, 'base64url'))
  return isSigned ? { seq: Number(seq), hash, at, publicKey } : null
}
