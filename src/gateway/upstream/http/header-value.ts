/** "Value Encoding": plain, or `=?base64?…?=` of UTF-8. Null when it is not there, or is neither. */
export function decodeHeader(value: string | null): string | null {
  const [, encoded] = /^=\?base64\?(.*)\?=$/.exec(value ?? '') ?? []
  if (encoded === undefined) return value
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(
      Uint8Array.fromBase64(encoded, { lastChunkHandling: 'strict' }),
    )
  } catch {
    return null
  }
}
