import { expect, test } from 'bun:test'
import { type Message, readMessage } from '../../../../src/gateway/wire/message.ts'
import { PendingRequests } from '../../../../src/gateway/wire/pending.ts'

const read = <K extends Message['kind']>(message: object, _kind: K) =>
  readMessage(new TextEncoder().encode(JSON.stringify(message))) as Extract<Message, { kind: K }>
const progressOf = (progressToken: number) =>
  read({ method: 'notifications/progress', params: { progressToken } }, 'notification')
const replyTo = (id: number, result: object) => read({ id, result }, 'response')
const TASK = { task: { taskId: 't', status: 'working' } }

function ask(pending: PendingRequests): { id: number; heard: () => number } {
  let heard = 0
  const nothing = () => undefined
  const id = pending.open({ onReply: nothing, onLost: nothing, onProgress: () => void heard++ })
  return { id, heard: () => heard }
}

test.each([
  ['begins a task', TASK, 1],
  ['is the last word', { content: [] }, 0],
])('progress behind a reply that %s', (_what, result, expected) => {
  const pending = new PendingRequests()
  const { id, heard } = ask(pending)

  pending.settle(replyTo(id, result))
  void pending.progress(progressOf(id))

  expect(heard()).toBe(expected)
})

test('of tasks without end only the newest are kept', () => {
  const pending = new PendingRequests()
  const asked = Array.from({ length: 200 }, () => ask(pending))

  for (const { id } of asked) pending.settle(replyTo(id, TASK))
  for (const { id } of asked) void pending.progress(progressOf(id))

  expect(asked.map(({ heard }) => heard())).toEqual([...Array(100).fill(0), ...Array(100).fill(1)])
})
