import { describe, expect, test } from 'bun:test'
import {
  type Message,
  type RequestMessage,
  readMessage,
  splitBatch,
} from '../../../../src/gateway/wire/message.ts'
import { PendingRequests } from '../../../../src/gateway/wire/pending.ts'
import { relabelRequest, restoreId, restoreToken } from '../../../../src/gateway/wire/relabel.ts'
import { bytesOf, textFrom } from '../../../helpers/bytes.ts'

const read = (text: string): Message => readMessage(bytesOf(text))

function request(text: string): RequestMessage {
  const message = read(text)
  if (message.kind !== 'request') throw new Error(`a ${message.kind}`)
  return message
}

describe('readMessage', () => {
  test('leaves no line break in, at which another reader would begin a message', () => {
    const inner = '{"jsonrpc":"2.0","id":9,"method":"tools/call"}'
    const source = `{"jsonrpc":"2.0","id":1,"result":{"a":\r${inner}\r\n}}\r`

    const message = read(source)

    expect(textFrom(message.bytes)).toBe(source.replaceAll(/[\r\n]/g, ' '))
    expect(() => read('{"id":1,"method":"a\rb"}')).toThrow('not valid JSON')
  })

  test.each([
    '{"id":1,"method":"x","Method":"y"}',
    '{"id":1,"ID":2,"result":{}}',
    '{"id":1,"re\\u017fult":{},"result":{}}',
    '{"id":1,"method":"x","params":{"name":"a","Name":"b"}}',
    '{"method":"x","params":{"to\u212aen":1,"progressTo\u212aen":1}}',
    '{"method":"x","params":{"_meta":{"ProgressToken":1}}}',
  ])('refuses %p: readers that fold case would take one name for another', (text) => {
    expect(() => read(text)).toThrow('not a JSON-RPC message')
  })

  test.each([
    ['{"id":1,"method":"x","params":null}', 'request'],
    ['{"method":"x","params":null}', 'notification'],
    ['{"id":1,"result":{},"error":null}', 'response'],
    ['{"id":1,"result":null,"error":{"code":1,"message":""}}', 'response'],
  ])('takes null for nothing, as many writers mean it: %p', (text, kind) => {
    expect(read(text).kind).toBe(kind as Message['kind'])
  })

  test('takes names that are like none of ours', () => {
    expect(read('{"id":1,"method":"x","params":{"names":1,"NAMES":2},"ids":3}').kind).toBe('request')
  })

  test('tells the three kinds apart', () => {
    expect(read('{"jsonrpc":"2.0","id":"a","method":"ping"}').kind).toBe('request')
    expect(read('{"jsonrpc":"2.0","method":"x"}').kind).toBe('notification')
    expect(read('{"jsonrpc":"2.0","id":1,"result":{}}').kind).toBe('response')
    expect(read('{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":""}}').kind).toBe('response')
  })

  test.each([
    '1',
    '"x"',
    '{}',
    '{"id":1}',
    '{"id":1,"result":1,"error":{}}',
    '{"result":1}',
    '{"method":1}',
    '{"id":null,"method":"x"}',
    '{"id":{},"method":"x"}',
    '{"id":1,"method":"x","params":"y"}',
  ])('refuses %p without quoting it', (text) => {
    expect(() => read(text)).toThrow(/^not (valid JSON|a JSON-RPC message)/)
  })

  test('a batch is taken apart', () => {
    const batch = splitBatch(bytesOf('[{"id":1,"method":"a"},{"method":"b"}]'))

    expect(batch?.map((part) => textFrom(part))).toEqual(['{"id":1,"method":"a"}', '{"method":"b"}'])
  })
})

describe('relabelling', () => {
  const call = request(
    '{"jsonrpc":"2.0","id":"c-1","method":"tools/call","params":{"_meta":{"progressToken":"t","x":1e2},"name":"n"}}',
  )

  test('changes the id and the progress token and nothing else', () => {
    expect(textFrom(relabelRequest(call, 9))).toBe(
      '{"jsonrpc":"2.0","id":9,"method":"tools/call","params":{"_meta":{"progressToken":9,"x":1e2},"name":"n"}}',
    )
  })

  test('gives reply and progress back under the id and token of the one who asked', () => {
    const reply = read('{"jsonrpc":"2.0","id":9,"result":{"big":12345678901234567890}}')
    const progress = read('{"method":"notifications/progress","params":{"progressToken":9,"progress":1.0}}')

    expect(reply.kind === 'response' && textFrom(restoreId(reply, call))).toBe(
      '{"jsonrpc":"2.0","id":"c-1","result":{"big":12345678901234567890}}',
    )
    expect(progress.kind === 'notification' && textFrom(restoreToken(progress, call) ?? bytesOf('none'))).toBe(
      '{"method":"notifications/progress","params":{"progressToken":"t","progress":1.0}}',
    )
  })
})

test('a reply settles its request once; unknown and second ones settle nothing', () => {
  const pending = new PendingRequests()
  const replies: number[] = []
  const ids = [1, 2, 3].map((n) =>
    pending.open({ onReply: () => replies.push(n), onLost: () => replies.push(-n) }),
  )
  const reply = (id: unknown) => {
    const message = read(`{"id":${JSON.stringify(id)},"result":{}}`)
    return message.kind === 'response' && pending.settle(message)
  }

  expect([reply(ids[1]), reply(ids[1]), reply(99), reply('none')]).toEqual([true, false, false, false])
  pending.loseAll()

  expect(replies).toEqual([2, -1, -3])
})

test.each([
  ['1.0', true],
  ['10e-1', true],
  ['1.5', false],
  ['"1"', true],
  ['"\\u0031"', true],
  ['"1.0"', false],
  ['" 1"', false],
])('a reply under %p is that to request 1: %p', (id, isTaken) => {
  const pending = new PendingRequests()
  let replies = 0
  pending.open({ onReply: () => replies++, onLost: () => undefined })

  const reply = read(`{"id":${id},"result":{}}`)
  if (reply.kind === 'response') pending.settle(reply)

  expect(replies === 1).toBe(isTaken)
})

test('what is neither a string nor a number asks for no progress', () => {
  for (const token of ['null', '{}', 'true']) {
    const text = `{"id":1,"method":"x","params":{"_meta":{"progressToken":${token}}}}`
    expect(textFrom(relabelRequest(request(text), 1))).toBe(text)
  }
})
