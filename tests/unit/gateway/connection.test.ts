import { describe, expect, test } from 'bun:test'
import type { Server } from '../../../src/config/index.ts'
import { Connection } from '../../../src/gateway/downstream/connection.ts'
import type { ServerProcess } from '../../../src/gateway/downstream/process.ts'
import { LeakGuard } from '../../../src/gateway/guard/leak-guard.ts'
import { textParam } from '../../../src/gateway/wire/message.ts'

/** A server whose words the test writes. `heard`: the data of its log messages that were passed on. */
function speaking(whenHeard: () => void | Promise<void>) {
  const stdout = new TransformStream<Uint8Array, Uint8Array>()
  const writer = stdout.writable.getWriter()
  const stopped = Promise.withResolvers<void>()
  const process = {
    stdin: { write: () => 0, flush: () => 0, end: () => 0 },
    stdout: stdout.readable,
    ended: new Promise<string>(() => undefined),
    stop: async () => stopped.resolve(),
  } as unknown as ServerProcess
  const heard: (string | null)[] = []
  const events = {
    onNotification: (notification: Parameters<typeof textParam>[0]) => {
      heard.push(textParam(notification, 'data'))
      return whenHeard()
    },
    home: () => null,
    isShared: () => false,
    onEnded: () => undefined,
  }
  const server = { id: 'one', authScope: null } as Server
  const connection = new Connection(server, process, new LeakGuard(() => undefined), events)
  /** Resolves when all of it was read, and it has gone. */
  const says = async (batch: readonly object[]): Promise<void> => {
    const parts = batch.map((part) => ({ jsonrpc: '2.0', ...part }))
    await writer.write(new TextEncoder().encode(`${JSON.stringify(parts)}\n`))
    await writer.close()
    await stopped.promise
  }
  return { connection, heard, says }
}

const note = (data: string) => ({ method: 'notifications/message', params: { level: 'info', data } })
const reply = { id: 1, result: {} }

describe('of a batch (2025-03-26) nothing goes on once a lock has cut the server off', () => {
  test('while somebody was being told the first part', async () => {
    const { connection, heard, says } = speaking(() => connection.cutOff())
    const asked = connection.request('ping', '{}').catch(({ code }) => code)

    await says([note('first'), note('second'), reply])

    expect(heard).toEqual(['first'])
    expect(await asked).toBe('SERVER_ENDED')
  })

  test('while what is behind a reply waits for the reply to leave', async () => {
    const { connection, heard, says } = speaking(() => undefined)
    void connection.request('ping', '{}').then(() => setImmediate(() => connection.cutOff()))

    await says([reply, note('behind it')])

    expect(connection.endReason).not.toBeNull()
    expect(heard).toEqual([])
  })

  test('and all of it does when there is none', async () => {
    const { connection, heard, says } = speaking(() => undefined)
    const asked = connection.request('ping', '{}')

    await says([note('first'), reply, note('behind it')])

    expect((await asked).error).toBeNull()
    expect(heard).toEqual(['first', 'behind it'])
  })
})
