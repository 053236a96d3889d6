import { describe, expect, test } from 'bun:test'
import { refusedIn } from '../../../../src/gateway/wire/refused.ts'

const told = (text: string) => refusedIn(new TextEncoder().encode(text))

describe('of a message that is refused', () => {
  test.each([
    ['a request', '{"id":"a\\u00e9","method":"x","method":"y"}', { kind: 'request', id: '"aé"' }],
    ['a reply', '{"id":7,"result":{},"error":{}}', { kind: 'response', id: '7' }],
    ['a notification', '{"method":"x","method":"y"}', null],
    ['what is no JSON', '{"id":7,"method":', null],
    ['an id that would be another one', '{"id":9007199254740993,"method":"x","method":"y"}', null],
  ])('it is known whose it is: %s', (_what, text, expected) => {
    expect(told(text)).toEqual(expected as ReturnType<typeof told>)
  })

  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
  test.each([
    ['a request', `{"jsonrpc":"2.0","id":7,"method":"x","params":${deep}}`, { kind: 'request', id: '7' }],
    ['a reply', `{"jsonrpc":"2.0","id":"r","result":${deep}}`, { kind: 'response', id: '"r"' }],
    ['one with its id behind', `{"result":${deep},"id":7}`, { kind: 'response', id: '7' }],
    ['one of which that is not sure', `{"params":${deep},"id":7}`, null],
  ])('which is long, too: %s', (_what, text, expected) => {
    expect(told(text)).toEqual(expected as ReturnType<typeof told>)
  })

  test('which takes neither time nor memory, however long it is', () => {
    const line = new TextEncoder().encode(`{"id":7,"result":${'['.repeat(20_000_000)}`)
    const before = process.cpuUsage()

    refusedIn(line)

    const { user, system } = process.cpuUsage(before)
    expect((user + system) / 1000).toBeLessThan(100)
  })
})
