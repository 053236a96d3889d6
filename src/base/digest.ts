/** SHA-256, hex; text as UTF-8. */
export function digestOf(data: string | Uint8Array): string {
  return new Bun.CryptoHasher('sha256').update(data).digest('hex')
}
