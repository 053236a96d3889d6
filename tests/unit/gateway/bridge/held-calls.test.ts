import { expect, test } from 'bun:test'
import { HeldCall } from '../../../../src/gateway/bridge/held-call.ts'
import { HeldCalls } from '../../../../src/gateway/bridge/held-calls.ts'
import type { Caller } from '../../../../src/gateway/downstream/caller.ts'
import type { Flight } from '../../../../src/gateway/downstream/flight.ts'
import { encodeMessage, type RequestMessage, readMessage } from '../../../../src/gateway/wire/message.ts'

const caller: Caller = {
  client: { era: 'modern', revision: '2026-07-28', capabilities: '{"roots":{}}', clientInfo: '{}' },
  logLevel: null,
  isOneOfMany: false,
  isAway: false,
  ask: () => ({ sent: undefined, cancel: () => undefined }),
  notify: () => undefined,
  progress: () => undefined,
  room: () => undefined,
}

function request(method: string, params: object = {}): RequestMessage {
  const message = readMessage(encodeMessage({ id: 1, method, params }))
  if (message.kind !== 'request') throw new Error('not a request')
  return message
}

const call = request('tools/call', { name: 'x', arguments: { b: 1, a: [{ d: 2, c: 3 }] } })

test('a client that does not come back has its call called back after its time', async () => {
  const calls = new HeldCalls(20)
  const held = new HeldCall(caller)
  const calledBack = Promise.withResolvers<void>()
  held.follow((flight: Flight) => {
    flight.whenCancelled(() => calledBack.resolve())
    return new Promise(() => undefined)
  })
  held.ask(request('roots/list'), { onReply: () => undefined, onLost: () => undefined })
  await held.next()

  const state = calls.hold(held, call)
  await calledBack.promise

  expect(() => calls.resume(state, call, caller)).toThrow('unknown, was used already, or has expired')
})

test('a retry may write the same arguments in another order, and no others', async () => {
  const calls = new HeldCalls()
  const held = new HeldCall(caller)
  held.follow(() => new Promise(() => undefined))
  const state = calls.hold(held, call)
  const same = request('tools/call', {
    arguments: { a: [{ c: 3, d: 2 }], b: 1 },
    name: 'x',
    requestState: state,
  })
  const other = request('tools/call', { name: 'x', arguments: { b: 1, a: [] }, requestState: state })

  expect(() => calls.resume(state, other, caller)).toThrow()
  expect(calls.resume(state, same, caller)).toBe(held)
  calls.close()
})

test('a retry with a list of pairs does not go on with the call that had an object', () => {
  const calls = new HeldCalls()
  const held = new HeldCall(caller)
  held.follow(() => new Promise(() => undefined))
  const state = calls.hold(held, request('tools/call', { name: 'x', arguments: { q: { a: 1 } } }))
  const other = request('tools/call', {
    name: 'x',
    arguments: { q: [['a', 1]] },
    requestState: state,
  })

  expect(() => calls.resume(state, other, caller)).toThrow()
  calls.close()
})

test('after 1,000 held calls the oldest is given up', () => {
  const calls = new HeldCalls()
  const states = Array.from({ length: 1001 }, () => {
    const held = new HeldCall(caller)
    held.follow(() => new Promise(() => undefined))
    return calls.hold(held, call)
  })

  expect(() => calls.resume(states[0] ?? '', call, caller)).toThrow()
  expect(calls.resume(states[1] ?? '', call, caller)).toBeDefined()
  calls.close()
})
