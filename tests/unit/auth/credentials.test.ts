import { expect, test } from 'bun:test'
import { openCredentials } from '../../../src/auth/index.ts'
import { Secret } from '../../../src/base/index.ts'
import { type Config, parseConfig } from '../../../src/config/index.ts'
import type { Vault } from '../../../src/vault/index.ts'

const configOf = (isPublic: boolean): Config => {
  const keys = `[{ name: TOKEN, public: ${isPublic} }]`
  const text = `auth_scopes: [{ id: gh, keys: ${keys} }]\ndownstream_servers: [{ id: one, command: one, auth_scope: gh }]\n`
  return parseConfig(new TextEncoder().encode(text), '/c/mcplexer.yaml')
}

test('a key is no secret only when the configuration that was checked says so', async () => {
  let current = configOf(false)
  const server = current.servers.get('one')
  if (server === undefined) throw new Error('no server')
  const vault = {
    changeMark: () => 1,
    list: async () => [{ id: 'gh', generation: 1 }],
    locks: async () => ({ isLocked: false, revoked: new Set<string>() }),
    open: async () => {
      // a `git pull` while the scope is being opened
      current = configOf(true)
      const keys = new Map([['TOKEN', Secret.fromText('the-token-itself')]])
      return { keys, wipe: () => undefined }
    },
  } as unknown as Vault
  const launches = { of: async () => [], add: async () => undefined }
  const credentials = openCredentials({ config: () => current, vault: async () => vault, launches })

  const { secrets } = await credentials.forRoute({ server })

  credentials.close()
  expect(secrets).toEqual({ TOKEN: 'the-token-itself' })
})
