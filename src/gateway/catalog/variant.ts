import type { ClientDescription } from '../downstream/caller.ts'

/** Servers list different things for different revisions and client capabilities. */
export function variantOf(client: Pick<ClientDescription, 'revision' | 'capabilities'>): string {
  return new Bun.CryptoHasher('sha256')
    .update(`${client.revision}\n${client.capabilities}`)
    .digest('hex')
    .slice(0, 32)
}
