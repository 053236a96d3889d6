const BYTES = 32
const SHAPE = /^[A-Za-z0-9_-]{43}$/

/** What nobody can guess: random bytes as base64url. */
export function randomText(bytes = BYTES): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(bytes))).toString('base64url')
}

/** Whether a text is of that shape, in its usual length, and so not the rest of a file that was cut off. */
export function isRandomText(text: string): boolean {
  return SHAPE.test(text)
}
