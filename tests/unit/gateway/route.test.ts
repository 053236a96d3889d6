import { expect, test } from 'bun:test'
import { Catalog } from '../../../src/gateway/catalog/catalog.ts'
import { findRoute } from '../../../src/gateway/route.ts'
import { SessionMemory } from '../../../src/gateway/session-memory.ts'
import { readMessage } from '../../../src/gateway/wire/message.ts'
import { serversOf } from '../../helpers/catalog.ts'

test('a task of a server that was disabled since leads to nobody', () => {
  const line = '{"jsonrpc":"2.0","id":1,"method":"tasks/get","params":{"taskId":"t"}}'
  const request = readMessage(new TextEncoder().encode(line))
  if (request.kind !== 'request') throw new Error('no request')
  const memory = new SessionMemory()
  memory.rememberTask('one', 't')
  const routeIn = (disabled: boolean) => {
    const config = serversOf({ id: 'one', disabled }, 'two', 'three')
    return findRoute(request, { config, catalog: new Catalog(config), memory })?.server.id
  }

  expect(routeIn(false)).toBe('one')
  expect(routeIn(true)).toBeUndefined()
})
