import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { type Message, RawClient } from '../helpers/mcp-client.ts'
import { ROOT, TempHome } from '../helpers/temp-home.ts'

const ROUNDS = 8
const SEED = Number(process.env['TEST_SEED'] ?? Date.now() % 1_000_000)
const CAPABILITIES = { elicitation: {}, roots: {}, sampling: {} }
const ENVELOPE = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': CAPABILITIES,
  'io.modelcontextprotocol/logLevel': 'debug',
}
const server = (id: string, script: string, ...args: string[]) => ({
  id,
  command: process.execPath,
  args: [join(ROOT, 'tests/fixtures/servers', script), ...args],
})
/** It may never answer, and eight rounds of that are long. */
const BRIEF = { call_timeout_sec: 1, startup_timeout_sec: 1 }

test.each(['legacy', 'modern'])(
  `a server that says anything at all disturbs no other, and every %s call is answered (seed ${SEED})`,
  async (era) => {
    using home = new TempHome(
      JSON.stringify({
        downstream_servers: [
          { ...server('bad', 'babble.ts', String(SEED)), ...BRIEF },
          server('good', 'general.ts'),
        ],
      }),
    )
    await using client = era === 'legacy' ? await RawClient.start(home, CAPABILITIES) : RawClient.raw(home)
    refuseQuestions(client)
    const ask = (method: string, params: object = {}): Promise<Message> =>
      client.request(method, era === 'legacy' ? params : { ...params, _meta: ENVELOPE })

    for (let round = 0; round < ROUNDS; round++) {
      const message = `round ${round}`
      const replies = await Promise.all([
        ask('tools/call', { name: 'good__echo', arguments: { message } }),
        ask('tools/list'),
        ask('resources/list'),
        ask('tools/call', { name: 'bad__a', arguments: {} }),
        ask('resources/read', { uri: 'test://x' }),
        ask('prompts/get', { name: 'bad__p' }),
      ])
      expect(JSON.stringify(replies[0].result)).toContain(message)
    }

    expect(client.process.exitCode).toBeNull()
    expect(client.stderr).not.toMatch(/unexpected|internal error|TypeError|RangeError/)
  },
  60_000,
)

/** A question that nobody answers would hold its call, as a person may be thinking. */
function refuseQuestions(client: RawClient): void {
  const refuse = ({ id, method }: Message): boolean => {
    if (method !== undefined && id !== undefined) client.send({ id, error: { code: -1, message: 'no' } })
    return false
  }
  client.waitFor(refuse, 'nothing').catch(() => undefined)
}
