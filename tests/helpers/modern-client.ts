import { type Message, RawClient, textOf } from './mcp-client.ts'
import type { TempHome } from './temp-home.ts'

/** What every request of 2026-07-28 says of its client. */
export const meta = (capabilities: object = { elicitation: {}, roots: {} }, more: object = {}) => ({
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': capabilities,
  ...more,
})

/** A client of 2026-07-28, which has no beginning. */
export class ModernClient implements AsyncDisposable {
  readonly raw: RawClient

  constructor(home: TempHome) {
    this.raw = RawClient.raw(home)
  }

  ask(method: string, params: object = {}, envelope: object = meta()): Promise<Message> {
    return this.raw.request(method, { ...params, _meta: envelope })
  }

  call(name: string, args: object = {}, more: object = {}, envelope: object = meta()): Promise<Message> {
    return this.ask('tools/call', { name, arguments: args, ...more }, envelope)
  }

  async text(name: string, args: object = {}): Promise<string> {
    return textOf(await this.call(name, args))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.raw[Symbol.asyncDispose]()
  }
}
