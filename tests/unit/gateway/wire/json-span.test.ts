import { describe, expect, test } from 'bun:test'
import { elements, members, sourceOf, textOf, trimmed } from '../../../../src/gateway/wire/json-span.ts'
import { bytesOf } from '../../../helpers/bytes.ts'
import { seededRandom } from '../../../helpers/random.ts'

const read = (text: string) => members(bytesOf(text), trimmed(bytesOf(text)))

describe('members', () => {
  test('gives every value exactly as it was written', () => {
    const source = ' {"a" : 1.50e+3 , "b":[1,{"c":"}\\""}], "d":{"e":null}, "ü":"\\u00e9"}\r'
    const bytes = bytesOf(source)

    const found = read(source)

    expect([...found].map(([name, span]) => [name, sourceOf(bytes, span)])).toEqual([
      ['a', '1.50e+3'],
      ['b', '[1,{"c":"}\\""}]'],
      ['d', '{"e":null}'],
      ['ü', '"\\u00e9"'],
    ])
  })

  test('refuses a name that stands twice, also when one is spelt with escapes', () => {
    expect(() => read('{"id":1,"id":2}')).toThrow('not valid JSON')
    expect(() => read('{"id":1,"\\u0069d":2}')).toThrow('not valid JSON')
  })

  test.each([
    '{"a":1}x',
    '{"a":1}{"b":2}',
    '{"a":01}',
    '{"a":1.}',
    '{"a":-}',
    '{"a":+1}',
    '{"a":.5}',
    '{"a":1e}',
    '{"a":tru}',
    '{"a":"\\x"}',
    '{"a":"\\u12g4"}',
    '{"a":"tab\there"}',
    '{"a":[1,]}',
    '{"a":1,}',
    '{a:1}',
    "{'a':1}",
    '{"a":1',
    '{"a":"b}',
    '{"a":[1}',
    '{"a" 1}',
    '{"a":NaN}',
    '\u0000{"a":1}',
    `{"a":${'['.repeat(2000)}${']'.repeat(2000)}}`,
  ])('refuses what is not JSON: %p', (source) => {
    expect(() => read(source)).toThrow('not valid JSON')
  })

  test('agrees with JSON.parse on random documents and on damaged ones', () => {
    const random = seededRandom(20261121)
    for (let round = 0; round < 3000; round++) {
      const source = JSON.stringify({ value: randomValue(random, 4) })
      const damaged = damage(source, random)
      expect(accepts(source)).toBe(true)
      expect(accepts(damaged)).toBe(parses(damaged))
    }
  })
})

test('elements gives the parts of an array in order', () => {
  const bytes = bytesOf('[ {"name":"a"} ,2, "x" ]')

  expect(elements(bytes, trimmed(bytes)).map((span) => sourceOf(bytes, span))).toEqual([
    '{"name":"a"}',
    '2',
    '"x"',
  ])
})

test('textOf undoes escapes, surrogate pairs included', () => {
  const bytes = bytesOf('"a\\ud83d\\ude00\\n"')

  expect(textOf(bytes, trimmed(bytes))).toBe('a😀\n')
})

function accepts(source: string): boolean {
  try {
    read(source)
    return true
  } catch {
    return false
  }
}

function parses(source: string): boolean {
  try {
    const value: unknown = JSON.parse(source)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}

function randomValue(random: () => number, depth: number): unknown {
  const kind = Math.floor(random() * (depth > 0 ? 7 : 5))
  if (kind === 0) return null
  if (kind === 1) return random() < 0.5
  if (kind === 2) return (random() - 0.5) * 10 ** Math.floor(random() * 30)
  if (kind === 3) return String.fromCodePoint(...Array.from({ length: 4 }, () => Math.floor(random() * 0xd7ff)))
  if (kind === 4) return '"\\/\b\n\u0001'
  const items = Array.from({ length: Math.floor(random() * 4) }, () => randomValue(random, depth - 1))
  return kind === 5 ? items : Object.fromEntries(items.map((item, index) => [`k${index}`, item]))
}

function damage(source: string, random: () => number): string {
  const at = Math.floor(random() * source.length)
  const replacement = '{}[]",:0e-.\\ x\n'[Math.floor(random() * 15)] ?? ''
  return source.slice(0, at) + replacement + source.slice(at + 1)
}
