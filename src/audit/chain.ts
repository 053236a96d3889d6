import type { AuditRow, AuditStart } from '../store/index.ts'

const DOMAIN = 'mcplexer-audit/1'

/**
 * The hash of an entry: SHA-256 over
 *
 *     mcplexer-audit/1\n
 *     42\n              its number
 *     3f…a1\n           hash of the entry before, hex
 *     {"atMs":…}        its body
 */
export function linkedHash(before: AuditStart, body: string): Uint8Array {
  const hex = Buffer.from(before.hash).toString('hex')
  const text = `${DOMAIN}\n${before.seq + 1}\n${hex}\n${body}`
  return Bun.CryptoHasher.hash('sha256', text)
}

/** Whether an entry stands right behind another one, and is as it was written there. */
export function isLinked(before: AuditStart, { seq, body, hash }: AuditRow): boolean {
  return seq === before.seq + 1 && Buffer.compare(linkedHash(before, body), hash) === 0
}
