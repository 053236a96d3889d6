import type { LineEnds } from './framing.ts'

/** Servers write the id of a reply first or last. */
export function idAtEitherEnd({ head, tail }: LineEnds): string | null {
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
  const first = /^\s*\{\s*(?:"jsonrpc"\s*:\s*"2\.0"\s*,\s*)?"id"\s*:\s*(\d+)/.exec(text(head))
  const last = /"id"\s*:\s*(\d+)\s*(?:,\s*"jsonrpc"\s*:\s*"2\.0"\s*)?\}\s*$/.exec(text(tail))
  return first?.[1] ?? last?.[1] ?? null
}
