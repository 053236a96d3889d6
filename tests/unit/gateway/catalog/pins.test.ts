import { expect, test } from 'bun:test'
import { pinOf } from '../../../../src/gateway/catalog/pins.ts'

const digestOf = (tool: object) => pinOf('tools/x', JSON.stringify(tool)).digest

test('a pin is of what a tool says, not of the order in which it says it', () => {
  const one = { name: 'x', inputSchema: { type: 'object', required: ['a', 'b'] } }
  const other = { inputSchema: { required: ['a', 'b'], type: 'object' }, name: 'x' }

  expect(digestOf(other)).toBe(digestOf(one))
  expect(digestOf({ ...one, inputSchema: { ...one.inputSchema, required: ['b', 'a'] } })).not.toBe(
    digestOf(one),
  )
})

test('a list of pairs is no object', () => {
  expect(digestOf({ name: 'x', inputSchema: [['type', 'object']] })).not.toBe(
    digestOf({ name: 'x', inputSchema: { type: 'object' } }),
  )
})
