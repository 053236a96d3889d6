import { expect, test } from 'bun:test'
import { insertion, removals, splice } from '../../../../src/gateway/wire/json-edit.ts'
import { members, trimmed } from '../../../../src/gateway/wire/json-span.ts'
import { bytesOf, textFrom } from '../../../helpers/bytes.ts'

test.each([
  ['{"a":1,"b":2,"c":3}', ['a'], '{"b":2,"c":3}'],
  ['{"a":1,"b":2,"c":3}', ['b'], '{"a":1,"c":3}'],
  ['{"a":1,"b":2,"c":3}', ['c'], '{"a":1,"b":2}'],
  ['{"a":1,"b":2,"c":3}', ['a', 'b'], '{"c":3}'],
  ['{"a":1,"b":2,"c":3}', ['b', 'c'], '{"a":1}'],
  ['{"a":1,"b":2,"c":3}', ['a', 'c'], '{"b":2}'],
  ['{"a":1,"b":2,"c":3}', ['a', 'b', 'c'], '{}'],
  ['{ "a" : 1 , "b" : {"a":1} }', ['a'], '{ "b" : {"a":1} }'],
  ['{ "a" : 1 , "b" : [","] }', ['b'], '{ "a" : 1 }'],
  ['{}', ['a'], '{}'],
])('members are taken out of %s: %j', (source, names, expected) => {
  const bytes = bytesOf(source)

  const result = splice(bytes, removals(bytes, trimmed(bytes), new Set(names)))

  expect(textFrom(result)).toBe(expected)
})

test.each([
  ['{}', '{"x":1}'],
  ['{ }', '{"x":1 }'],
  ['{"a":1}', '{"x":1,"a":1}'],
])('members are put first into %s', (source, expected) => {
  const bytes = bytesOf(source)

  expect(textFrom(splice(bytes, [insertion(bytes, trimmed(bytes), '"x":1')]))).toBe(expected)
})

test('splice changes the given places and no other byte', () => {
  const bytes = bytesOf('{"id":12345678901234567890,"x":1.0}')
  const id = members(bytes, trimmed(bytes)).get('id')

  const spliced = id && splice(bytes, [{ span: id, replacement: bytesOf('7') }])

  expect(spliced && textFrom(spliced)).toBe('{"id":7,"x":1.0}')
})
