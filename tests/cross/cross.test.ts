import { afterAll, beforeAll, describe, test } from 'bun:test'
import { join } from 'node:path'
import { HttpGateway } from '../helpers/http-client.ts'
import { eventually } from '../helpers/processes.ts'
import { BINARY, ROOT, TempHome } from '../helpers/temp-home.ts'
import { type ClientKind, type CrossClient, startClient, type Way } from './clients.ts'
import { FEATURES } from './features.ts'

const SERVERS = {
  'SDK v1': ['sdk-v1.ts'],
  'SDK v2 modern': ['sdk-v2.ts', 'modern'],
  'SDK v2 legacy': ['sdk-v2.ts', 'legacy'],
} as const
const CLIENTS: readonly ClientKind[] = ['v1', 'v2 modern', 'v2 legacy']
const WAYS = ['stdio', 'HTTP', 'socket'] as const

/** How a client gets to a gateway with this one server behind it, and how that ends. */
async function wayTo(server: keyof typeof SERVERS, way: (typeof WAYS)[number]) {
  const [script, ...more] = SERVERS[server]
  const args = [join(ROOT, 'tests/fixtures/servers', script), ...more]
  const home = new TempHome(
    JSON.stringify({
      downstream_servers: [{ id: 'only', command: process.execPath, args, tool_namespace: '', pin: 'off' }],
    }),
  )
  if (way !== 'HTTP') {
    const command: Way = { command: BINARY, args: [way === 'stdio' ? 'serve' : 'connect'], env: home.env }
    const end = async (): Promise<void> => {
      home.runSync(['daemon', 'stop'])
      home[Symbol.dispose]()
    }
    return { way: command, end }
  }
  const gateway = await HttpGateway.start(home)
  const end = async (): Promise<void> => {
    await gateway[Symbol.asyncDispose]()
    home[Symbol.dispose]()
  }
  return { way: { url: gateway.url, token: gateway.token }, end }
}

/** What a server says of itself is stored once it was started for such a client: a later one is told. */
async function startInformed(kind: ClientKind, way: Way): Promise<CrossClient> {
  let client = await startClient(kind, way)
  await client.sdk.listTools()
  await eventually(async () => {
    await client.close()
    client = await startClient(kind, way)
    return client.sdk.getInstructions() !== undefined
  }, 'the server is known')
  return client
}

for (const client of CLIENTS) {
  for (const server of Object.keys(SERVERS) as (keyof typeof SERVERS)[]) {
    for (const way of WAYS) {
      describe(`client ${client} over ${way} to a server of ${server}`, () => {
        let started: CrossClient
        let end: () => Promise<void>

        beforeAll(async () => {
          const found = await wayTo(server, way)
          end = found.end
          started = await startInformed(client, found.way)
        })
        afterAll(async () => {
          await started?.close()
          await end?.()
        })

        for (const [name, feature] of Object.entries(FEATURES)) test(name, () => feature(started))
      })
    }
  }
}
