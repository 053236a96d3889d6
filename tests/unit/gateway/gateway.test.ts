import { expect, test } from 'bun:test'
import { AuditLog } from '../../../src/audit/index.ts'
import type { CredentialSource } from '../../../src/auth/index.ts'
import { parseConfig } from '../../../src/config/index.ts'
import type { CatalogStore } from '../../../src/gateway/catalog/store.ts'
import { Gateway } from '../../../src/gateway/gateway.ts'
import { Toolbox } from '../../../src/gateway/toolbox.ts'
import type { Sandbox } from '../../../src/sandbox/index.ts'

const CREDENTIALS = {
  onScopeChange: () => undefined,
  onLock: () => undefined,
  checkLock: () => undefined,
  generationOf: async () => null,
  close: () => undefined,
} as unknown as CredentialSource
const configWith = (more: object) => {
  const file = { downstream_servers: [{ id: 'one', command: 'true', ...more }] }
  return parseConfig(new TextEncoder().encode(JSON.stringify(file)), '/mcplexer.yaml')
}

test('a view that is being opened while the configuration changes has the new one', async () => {
  const [begun, loaded] = [Promise.withResolvers<void>(), Promise.withResolvers<null>()]
  const load = (): Promise<null> => {
    begun.resolve()
    return loaded.promise
  }
  const gateway = new Gateway({
    config: configWith({}),
    credentials: CREDENTIALS,
    sandbox: { close: async () => undefined } as Sandbox,
    audit: new AuditLog(null, { allowsFailure: false }),
    digestKey: new Uint8Array(32),
    store: { load, save: async () => undefined, saveReplies: async () => undefined } satisfies CatalogStore,
    pins: null,
  })
  const opening = Toolbox.open(gateway, '/')
  await begun.promise

  await gateway.configure(configWith({ disabled: true }))
  loaded.resolve(null)
  const toolbox = await opening

  expect(await toolbox.call('one__any', '{}').catch(({ code }) => code)).toBe('CALL_REFUSED')
  await toolbox.close()
})
