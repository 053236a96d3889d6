import { expect, test } from 'bun:test'
import { Secret } from '../../../src/base/index.ts'
import { decodeEnvelope, encodeEnvelope } from '../../../src/vault/envelope.ts'
import { scopeMac } from '../../../src/vault/seal-mac.ts'
import { bytesOf, textFrom } from '../../helpers/bytes.ts'

test('an envelope is the text that its description draws, and comes back', () => {
  const keys = new Map([
    ['A', Secret.fromText('one\n2 3\n')],
    ['B', Secret.fromText('')],
  ])

  const bytes = encodeEnvelope({ scopeId: 'github', generation: 7, keys })
  const decoded = decodeEnvelope(bytes)

  expect(textFrom(bytes)).toBe('mcplexer-scope/1\ngithub 7\n2\nA 8\none\n2 3\n\nB 0\n\n')
  expect([decoded.scopeId, decoded.generation]).toEqual(['github', 7])
  expect([...decoded.keys].map(([name, value]) => [name, textFrom(value.reveal())])).toEqual([
    ['A', 'one\n2 3\n'],
    ['B', ''],
  ])
})

test.each([
  '',
  'mcplexer-scope/2\na 1\n0\n',
  'mcplexer-scope/1\na 1\n1\n',
  'mcplexer-scope/1\na 1\n1\nK 5\nabc\n',
  'mcplexer-scope/1\na 1\n1\nK 3\nabcX',
  'mcplexer-scope/1\na 1\n0\nmore',
  'mcplexer-scope/1\na -1\n0\n',
  'mcplexer-scope/1\na 1\n2\nK 1\nx\nK 1\ny\n',
])('what is not an envelope is refused: %p', (text) => {
  expect(() => decodeEnvelope(bytesOf(text))).toThrow('not what mcplexer writes')
})

test('moving a byte from one field to the next changes the MAC', () => {
  const row = { scope_id: 'ab', generation: 1, recipient: 'r', mac_key: 'r', keys: '[]', blob: bytesOf('x') }
  const key = new Uint8Array(32)

  expect(scopeMac(key, row)).not.toEqual(scopeMac(key, { ...row, scope_id: 'a', recipient: 'br' }))
  expect(scopeMac(key, row)).not.toEqual(scopeMac(key, { ...row, keys: '[', blob: bytesOf(']x') }))
})
