import { expect, test } from 'bun:test'
import { Flight } from '../../../../src/gateway/downstream/flight.ts'
import { Listeners } from '../../../../src/gateway/upstream/listeners.ts'
import type { ClientView } from '../../../../src/gateway/view/client-view.ts'
import { TOPICS, type TopicKind, topicKey } from '../../../../src/gateway/view/topic.ts'
import type { News } from '../../../../src/gateway/view/watches.ts'
import { encodeMessage, type Message, readMessage } from '../../../../src/gateway/wire/message.ts'
import { eventually } from '../../../helpers/processes.ts'

const CLIENT = {
  era: 'modern',
  revision: '2026-07-28',
  capabilities: '{"extensions":{"io.modelcontextprotocol/tasks":{}}}',
  clientInfo: '{}',
} as const

function read<Kind extends Message['kind']>(kind: Kind, json: object): Message & { kind: Kind } {
  const message = readMessage(encodeMessage(json))
  if (message.kind !== kind) throw new Error(`not a ${kind}`)
  return message as Message & { kind: Kind }
}

function newsOf(kind: TopicKind, name: string, status: string): News {
  const { news, param } = TOPICS[kind]
  const topic = { kind, name }
  const notification = read('notification', { method: news, params: { [param]: name, status } })
  return { topic, watched: new Set([topicKey(topic)]), notification, edits: [] }
}

test('while a client does not read, only the last state of each task waits, and news of all else beside it', async () => {
  const room = Promise.withResolvers<void>()
  const sent: (Record<string, unknown> & { params: object })[] = []
  const acknowledged = Promise.withResolvers<void>()
  const outlet = {
    send: (line: Uint8Array) => {
      sent.push(JSON.parse(new TextDecoder().decode(line)))
      acknowledged.resolve()
    },
    room: () => room.promise,
    end: () => undefined,
  }
  const view = { watch: async () => null, unwatch: () => undefined } as unknown as ClientView
  const listeners = new Listeners(async () => view)
  const notifications = { taskIds: ['same', 'other'], resourceSubscriptions: ['same'] }
  const request = read('request', { id: 'mine', method: 'subscriptions/listen', params: { notifications } })
  const flight = new Flight()
  const stream = listeners.listen(request, CLIENT, flight, outlet)
  await acknowledged.promise

  for (const status of ['working', 'input_required', 'completed'])
    listeners.told(newsOf('task', 'same', status))
  listeners.told(newsOf('task', 'other', 'failed'))
  listeners.told(newsOf('resource', 'same', 'changed'))
  room.resolve()
  await eventually(() => sent.length === 4, 'all was read')
  flight.cancel(null)
  await stream

  expect(sent.slice(1).map(({ params }) => params)).toMatchObject([
    { taskId: 'same', status: 'completed' },
    { taskId: 'other', status: 'failed' },
    { uri: 'same', status: 'changed' },
  ])
})
