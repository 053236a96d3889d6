import { describe, expect, test } from 'bun:test'
import { encodeStanza, type Stanza, stanzasIn } from '../../../../../src/vault/key/plugin/stanza.ts'

async function* inChunks(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(text)
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size)
}

async function stanzasOf(text: string, size = 1000): Promise<Stanza[]> {
  return Array.fromAsync(stanzasIn(inChunks(text, size)))
}

describe('stanzas of the plugin protocol', () => {
  test('are written with 64 columns, and a last line that is shorter or empty', () => {
    const written = (length: number) =>
      new TextDecoder().decode(encodeStanza({ args: ['a', 'b'], body: new Uint8Array(length) }))

    expect(written(0)).toBe('-> a b\n\n')
    expect(written(47)).toBe(`-> a b\n${'A'.repeat(63)}\n`)
    expect(written(48)).toBe(`-> a b\n${'A'.repeat(64)}\n\n`)
    expect(written(49)).toBe(`-> a b\n${'A'.repeat(64)}\nAA\n`)
  })

  test('come back as they were, however the bytes are cut', async () => {
    const stanzas = [0, 1, 47, 48, 49, 95, 96, 97, 500].map((length) => ({
      args: ['recipient-stanza', '0', `x-${length}`],
      body: crypto.getRandomValues(new Uint8Array(length)),
    }))
    const text = stanzas.map((stanza) => new TextDecoder().decode(encodeStanza(stanza))).join('')

    for (const size of [1, 2, 7, 64, 65, 10_000]) expect(await stanzasOf(text, size)).toEqual(stanzas)
  })

  test.each([
    ['another line', 'hello\n'],
    ['no type', '-> \n\n'],
    ['two blanks', '-> a  b\n\n'],
    ['a carriage return', '-> a\r\n\r\n'],
    ['a letter that is none of ASCII', '-> é\n\n'],
    ['padding', '-> a\nAA==\n'],
    ['another alphabet', '-> a\n-_-_\n'],
    ['bits that mean nothing', '-> a\nAB\n'],
    ['half a byte', '-> a\nA\n'],
    ['a line that is too long', `-> a\n${'A'.repeat(68)}\n\n`],
    ['an end within the body', `-> a\n${'A'.repeat(64)}\n`],
    ['an end within a line', '-> a\nAAAA'],
    ['a head without end', `-> ${'a'.repeat(100_000)}`],
    ['a body without end', `-> a\n${`${'A'.repeat(64)}\n`.repeat(10_000)}`],
  ])('%s is refused', async (_what, text) => {
    await expect(stanzasOf(text)).rejects.toThrow(SyntaxError)
  })
})
