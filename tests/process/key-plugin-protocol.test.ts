import { afterAll, afterEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pluginEnvironment } from '../../src/vault/key/plugin/process.ts'
import { unwrapFileKey, wrapFileKey } from '../../src/vault/key/plugin/wrap-file-key.ts'
import { FixturePlugin } from '../helpers/age-plugin.ts'
import { eventually, isRunning } from '../helpers/processes.ts'

const folder = mkdtempSync(join(tmpdir(), 'mcplexer-plugin-'))
const plugin = new FixturePlugin(folder)
const other = new FixturePlugin(folder, 'other')
const before = { ...process.env }
const NOBODY = { person: null, limitMs: 60_000 }
const FILE_KEY = crypto.getRandomValues(new Uint8Array(16))
const byIdentity = { identities: [plugin.identity], recipients: [] }

function wish(...wishes: string[]): void {
  Object.assign(process.env, plugin.env(...wishes))
}

afterEach(() => void Object.assign(process.env, before))
afterAll(() => rmSync(folder, { recursive: true }))

describe('a file key', () => {
  test('is wrapped for identities and for recipients, and unwrapped by either plugin', async () => {
    wish('greases')
    const both = {
      identities: [plugin.identity, other.identity],
      recipients: [other.recipient, plugin.recipient],
    }

    const stanzas = await wrapFileKey(both, FILE_KEY, NOBODY)
    const single = await wrapFileKey(byIdentity, FILE_KEY, NOBODY)

    expect(stanzas).toHaveLength(2)
    expect(await unwrapFileKey(byIdentity, stanzas, NOBODY)).toEqual(FILE_KEY)
    expect(await unwrapFileKey(both, stanzas.slice(0, 1), NOBODY)).toEqual(FILE_KEY)
    expect(await unwrapFileKey(both, single, NOBODY)).toEqual(FILE_KEY)
  })

  test('that is wrapped for nobody we know is null, and no failure', async () => {
    wish()
    const stanzas = [{ args: ['X25519', 'x'], body: new Uint8Array(100) }]

    expect(await unwrapFileKey(byIdentity, stanzas, NOBODY)).toBeNull()
  })

  test('is not wrapped by plugins whose labels differ', async () => {
    wish('labels-apart')
    const both = { identities: [plugin.identity], recipients: [plugin.recipient, other.recipient] }

    await expect(wrapFileKey(both, FILE_KEY, NOBODY)).rejects.toThrow('refuse to seal one file together')
  })
})

describe('a plugin is ended', () => {
  test.each(['recipient-v1', 'identity-v1'])('that hangs in %s', async (mode) => {
    wish()
    const stanzas = await wrapFileKey(byIdentity, FILE_KEY, NOBODY)
    wish(`hangs-${mode}`)
    const hasty = { person: null, limitMs: 1000 }
    const work =
      mode === 'recipient-v1'
        ? wrapFileKey(byIdentity, FILE_KEY, hasty)
        : unwrapFileKey(byIdentity, stanzas, hasty)

    const error = await work.catch((reason) => reason)

    expect(error).toMatchObject({
      code: 'VAULT_PLUGIN_FAILED',
      message: 'age-plugin-test did not answer in time',
    })
    await eventually(() => !isRunning(plugin.lastPid), 'it has ended')
  })

  test('that lingers when all is said', async () => {
    wish('lingers')

    expect(await wrapFileKey(byIdentity, FILE_KEY, NOBODY)).toHaveLength(1)
    await eventually(() => !isRunning(plugin.lastPid), 'it has ended')
  })

  test('that talks and does not read', async () => {
    wish('junk')

    const error = await wrapFileKey(byIdentity, FILE_KEY, NOBODY).catch((reason) => reason)

    expect(error).toMatchObject({ code: 'VAULT_PLUGIN_FAILED' })
    await eventually(() => !isRunning(plugin.lastPid), 'it has ended')
  })
})

test('a name that could lead elsewhere is none of a plugin', async () => {
  wish()
  for (const identity of [
    '',
    'AGE-PLUGIN-TEST-1',
    'AGE-SECRET-KEY-1',
    plugin.identity.toLowerCase().replace('test', '../x'),
  ])
    await expect(unwrapFileKey({ identities: [identity], recipients: [] }, [], NOBODY)).rejects.toMatchObject({
      code: 'VAULT_PLUGIN_INVALID',
    })
})

test('a plugin is given its user’s environment without ours', () => {
  const host = {
    HOME: '/h',
    DISPLAY: ':0',
    GPG_TTY: '/dev/pts/1',
    PCSCLITE_CSOCK_NAME: '/p',
    PATH: '.:/a::b:/c',
  }
  const ours = { MCPLEXER_AGE_PASSPHRASE_FD: '3', BUN_OPTIONS: 'x', LD_PRELOAD: 'x', NODE_OPTIONS: 'x' }

  expect(pluginEnvironment({ ...host, ...ours })).toEqual({ ...host, PATH: '/a:/c' })
})
