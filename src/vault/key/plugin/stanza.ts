import { base64nopad } from '@scure/base'

/**
 * One command or answer between an age client and a plugin, as text (C2SP age-plugin.md, "IPC protocol"; the form is
 * that of a stanza in C2SP age.md):
 *
 *     -> recipient-stanza 0 X25519 TEiF0ypqr+bpvcqXNyCVJpL7OuwPdVwPL7KQEbFDOCc
 *     EmECAEcKN+n/Vs9SbWiV+Hu0r+E8R77DdWYyd83nw7U
 *
 * The body is canonical base64 without padding, 64 characters a line; its last line is shorter, or empty.
 */
export interface Stanza {
  args: string[]
  body: Uint8Array
}

const COLUMNS = 64
/** Of the first line; the largest recipients have some 2,000 characters. */
const MAX_LINE = 16 * 1024
const MAX_BODY_LINES = 4096
const HEAD = /^->( [\x21-\x7e]+)+$/
const NEWLINE = 0x0a
const latin1 = new TextDecoder('latin1')

/** Bytes and not a string: bodies are file keys and PINs, and the caller wipes them. */
export function encodeStanza({ args, body }: Stanza): Uint8Array {
  const text = base64nopad.encode(body)
  const lines = Array.from({ length: Math.floor(text.length / COLUMNS) + 1 }, (_, index) =>
    text.slice(index * COLUMNS, (index + 1) * COLUMNS),
  )
  return new TextEncoder().encode(`-> ${args.join(' ')}\n${lines.join('\n')}\n`)
}

/** Throws SyntaxError at the first line that is not as it should be, or at an end within a stanza. */
export async function* stanzasIn(source: AsyncIterable<Uint8Array>): AsyncGenerator<Stanza> {
  const lines = linesIn(source)
  for await (const head of lines) {
    if (!HEAD.test(head)) throw new SyntaxError('not a stanza')
    yield { args: head.slice('-> '.length).split(' '), body: await bodyIn(lines) }
  }
}

async function bodyIn(lines: AsyncGenerator<string>): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  while (parts.length < MAX_BODY_LINES) {
    const { value: line, done } = await lines.next()
    if (done === true || line.length > COLUMNS) throw new SyntaxError('not the body of a stanza')
    parts.push(decoded(line))
    if (line.length < COLUMNS) return new Uint8Array(Buffer.concat(parts))
  }
  throw new SyntaxError('the body of a stanza is too long')
}

/** The library's own error quotes what it was given. */
function decoded(line: string): Uint8Array {
  try {
    return base64nopad.decode(line)
  } catch {
    throw new SyntaxError('not base64')
  }
}

async function* linesIn(source: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let rest: Uint8Array = new Uint8Array(0)
  for await (const chunk of source) {
    const bytes = Buffer.concat([rest, chunk])
    let start = 0
    for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, start)) {
      yield latin1.decode(bytes.subarray(start, end))
      start = end + 1
    }
    rest = bytes.subarray(start)
    if (rest.length > MAX_LINE) throw new SyntaxError('a line is too long')
  }
  if (rest.length > 0) throw new SyntaxError('the last line has no end')
}
