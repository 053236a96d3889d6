import { describe, expect, test } from 'bun:test'
import { idAtEitherEnd, requestIdAtEitherEnd } from '../../../../src/gateway/wire/line-ends.ts'

const ends = (head: string, tail: string) => ({
  head: new TextEncoder().encode(head),
  tail: new TextEncoder().encode(tail),
})

describe('the id of a line of which only the ends were kept', () => {
  test.each([
    ['first', '{"jsonrpc":"2.0","id":7,"result":"', '"}', '7'],
    ['first of all', '{ "id" : "a\\"\\u00e9" , "result":"', '"}', '"a\\"\\u00e9"'],
    ['last', '{"jsonrpc":"2.0","result":"', '"},"id":-1}', '-1'],
    ['before the version', '{"result":"', '"},"id":0,"jsonrpc":"2.0"}\r', '0'],
  ])('is found where it stands %s', (_where, head, tail, id) => {
    expect(idAtEitherEnd(ends(head, tail))).toBe(id)
  })

  test.each(['"a\\q"', '"a\\u00g0"', '007', '"a\u0007"', 'null', '{}'])('is none when it is %s', (id) => {
    expect(idAtEitherEnd(ends(`{"jsonrpc":"2.0","id":${id},"result":"`, '"}'))).toBeNull()
  })

  test('is that of a request only where the method stands in front', () => {
    expect(requestIdAtEitherEnd(ends('{"jsonrpc":"2.0","id":7,"method":"ping","params":"', '"}'))).toBe('7')
    expect(requestIdAtEitherEnd(ends('{"method":"ping","params":"', '","id":7}'))).toBe('7')
    expect(requestIdAtEitherEnd(ends('{"jsonrpc":"2.0","id":7,"result":{"method":"', '"}}'))).toBeNull()
  })
})
