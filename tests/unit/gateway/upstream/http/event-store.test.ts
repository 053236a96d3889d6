import { expect, test } from 'bun:test'
import { EventStore } from '../../../../../src/gateway/upstream/http/event-store.ts'

test('the event store forgets the oldest, by number and by size', () => {
  const store = new EventStore(3, 10)
  for (let sequence = 1; sequence <= 5; sequence++)
    store.add({ stream: sequence % 2, sequence, bytes: new Uint8Array(1) })
  expect(store.after(1, 0).map(({ sequence }) => sequence)).toEqual([3, 5])
  expect(store.after(1, 3).map(({ sequence }) => sequence)).toEqual([5])

  store.add({ stream: 1, sequence: 6, bytes: new Uint8Array(9) })
  expect(store.after(1, 0).map(({ sequence }) => sequence)).toEqual([5, 6])
  store.add({ stream: 1, sequence: 7, bytes: new Uint8Array(11) })
  expect(store.after(1, 0)).toEqual([])
})
