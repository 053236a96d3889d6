import { MAX_LINE_BYTES } from '../../wire/framing.ts'

const NEWLINE = 0x0a
const RETURN = 0x0d
const SPACE = 0x20

/** The whole body, or null when it has more than `limit` bytes; no more than that is ever held. */
export async function readBody(request: Request, limit = MAX_LINE_BYTES): Promise<Uint8Array | null> {
  if (Number(request.headers.get('Content-Length') ?? 0) > limit) return null
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of request.body ?? []) {
    size += chunk.length
    if (size > limit) return null
    chunks.push(chunk)
  }
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks)
}

/**
 * A valid message without line breaks, in the same number of bytes. In valid JSON they stand between tokens only,
 * where a space means the same; but a line of stdio and a line of an event stream end at them.
 */
export function onOneLine(message: Uint8Array): Uint8Array {
  if (!message.includes(NEWLINE) && !message.includes(RETURN)) return message
  return message.map((byte) => (byte === NEWLINE || byte === RETURN ? SPACE : byte))
}
