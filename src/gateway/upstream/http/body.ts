import { MAX_LINE_BYTES } from '../../wire/framing.ts'

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
