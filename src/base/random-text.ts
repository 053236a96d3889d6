const BYTES = 32
const SHAPE = /^[A-Za-z0-9_-]{43}$/

/** What nobody can guess: 32 random bytes as base64url, 43 characters. */
export function randomText(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(BYTES))).toString('base64url')
}

/** Whether a text is of that shape, and so not the rest of a file that was cut off. */
export function isRandomText(text: string): boolean {
  return SHAPE.test(text)
}
