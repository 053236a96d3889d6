import { describe, expect, test } from 'bun:test'
import { chmodSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { auditedHome, entriesOf, TOKEN } from '../helpers/audit-home.ts'
import { filesHolding } from '../helpers/canary.ts'
import { configOf } from '../helpers/fixtures.ts'
import { RawClient } from '../helpers/mcp-client.ts'
import { TempHome } from '../helpers/temp-home.ts'

const PREFIX = 'io.modelcontextprotocol/'

/** A call of 2026-07-28, which says itself who calls. */
const callOf = (clientInfo: object) => ({
  name: 'one__echo',
  arguments: { message: 'hello' },
  _meta: {
    [`${PREFIX}protocolVersion`]: '2026-07-28',
    [`${PREFIX}clientCapabilities`]: {},
    [`${PREFIX}clientInfo`]: clientInfo,
  },
})

describe('on record', () => {
  test('is who calls, also of clients that can do the same, whatever one says of itself', async () => {
    using home = auditedHome()
    await using client = RawClient.raw(home)

    const names = [{ toString: 0, valueOf: 0 }, 'alice', 'mallory']
    for (const name of names) {
      const reply = await client.request('tools/call', callOf({ name, version: '1' }))
      expect(reply.error).toBeUndefined()
    }
    await client.close()

    const calls = entriesOf(home, '--kind', 'call').map((entry) => entry.client)
    expect(calls).toEqual(['unknown/1', 'alice/1', 'mallory/1'])
  })

  test('is every subscription, with what it is about', async () => {
    using home = new TempHome()
    const server = { id: 'curious', script: 'curious', args: [join(home.folder, 'heard'), 'legacy'] } as const
    home.writeConfig(configOf([server]))
    {
      await using client = await RawClient.start(home)
      await client.request('resources/subscribe', { uri: 'any:thing' })
    }

    const { action, name, decision } = entriesOf(home, '--kind', 'call')[0] ?? {}

    expect({ action, name, decision }).toEqual({
      action: 'resources/subscribe',
      name: 'any:thing',
      decision: 'allowed',
    })
  })

  test('is a call that is called back while its server starts', async () => {
    using home = auditedHome()
    {
      await using client = await RawClient.start(home)
      client.send({ id: 'c', method: 'tools/call', params: { name: 'one__echo', arguments: {} } })
      client.send({ method: 'notifications/cancelled', params: { requestId: 'c' } })
      await client.callText('one__echo', { message: 'hello' })
    }

    const calls = entriesOf(home, '--kind', 'call').map(({ decision, reason }) => ({ decision, reason }))

    expect(calls).toEqual([
      { decision: 'failed', reason: 'CALL_CANCELLED' },
      { decision: 'allowed', reason: undefined },
    ])
  })

  test('is every call and every start, with names and sizes and no value', async () => {
    using home = auditedHome()
    {
      await using client = await RawClient.start(home)
      await client.callText('one__echo', { message: 'nothing of this' })
      await client.callText('one__echo', { message: 'nothing of this' })
      await client.callText('one__fail')
      await client.callText('plain__echo', { message: TOKEN })
    }

    const start = entriesOf(home, '--kind', 'start', '--server', 'one')[0]
    expect(start).toMatchObject({
      decision: 'allowed',
      client: 'test/1',
      scope: 'gh',
      keys: ['TOKEN'],
      generation: expect.any(Number),
    })
    expect(['bwrap', 'landlock']).toContain(start?.shield ?? '')
    const [first, second, failed, refused] = entriesOf(home, '--kind', 'call')
    expect(first).toMatchObject({
      action: 'tools/call',
      name: 'one__echo',
      server: 'one',
      scope: 'gh',
      decision: 'allowed',
    })
    expect(first?.bytesIn).toBeGreaterThan(0)
    expect(first?.argumentsDigest).toBe(second?.argumentsDigest ?? '')
    expect(first?.argumentsDigest).not.toBe(failed?.argumentsDigest ?? '')
    expect(refused).toMatchObject({ server: 'plain', decision: 'refused', reason: 'CALL_LEAKS_VALUE' })
    expect(entriesOf(home, '--kind', 'leak')[0]).toMatchObject({ action: 'refused', keys: ['gh/TOKEN'] })
    expect(filesHolding(home.path, 'nothing of this')).toEqual([])
    expect(filesHolding(home.path, TOKEN)).toEqual([])
  })

  test('are secret and key operations, failed ones too', () => {
    using home = auditedHome()
    home.runSync(['secret', 'get', 'gh', 'TOKEN'])
    home.runSync(['rotate-key'])
    home.runSync(['secret', 'delete', 'gh', 'TOKEN'])

    const done = entriesOf(home).map(({ kind, action, decision }) => `${kind} ${action} ${decision}`)

    expect(done).toEqual([
      'secret put allowed',
      'secret get allowed',
      'key rotate allowed',
      'secret delete allowed',
    ])
  })

  test('is which key was read, what was not there, and that doctor has opened everything', () => {
    using home = auditedHome()
    for (const args of [
      ['secret', 'get', 'gh', 'TOKEN'],
      ['secret', 'get', 'gh', 'NOPE'],
      ['secret', 'get', 'nope', 'TOKEN'],
      ['secret', 'delete', 'gh', 'NOPE'],
      ['scope', 'delete', 'nope', '--yes'],
      ['doctor'],
    ])
      home.runSync(args)

    const done = entriesOf(home).slice(1)

    expect(done.map(({ action, scope, decision, reason }) => [action, scope, decision, reason])).toEqual([
      ['get', 'gh', 'allowed', undefined],
      ['get', 'gh', 'failed', 'CLI_KEY_UNKNOWN'],
      ['get', undefined, 'failed', 'CLI_SCOPE_UNKNOWN'],
      ['delete', 'gh', 'failed', 'CLI_KEY_UNKNOWN'],
      ['delete scope', undefined, 'failed', 'CLI_SCOPE_UNKNOWN'],
      ['open all', undefined, 'allowed', undefined],
    ])
    // what was typed where a name goes may be a value
    expect(done.map(({ keys }) => keys)).toEqual([['TOKEN'], ...Array(5).fill(undefined)])
  })

  test('are the token of `serve --http` shown, replaced, or found unsafe, and never its text', () => {
    using home = auditedHome()
    const tokens = [home.runSync(['token', 'show']), home.runSync(['token', 'new'])].map(({ stdout }) =>
      stdout.trim(),
    )
    chmodSync(home.file('http.token'), 0o644)
    expect(home.runSync(['token', 'show']).exitCode).toBe(1)

    const done = entriesOf(home, '--kind', 'key').map(({ action, decision, reason }) => [
      action,
      decision,
      reason,
    ])

    expect(done).toEqual([
      ['token show', 'allowed', undefined],
      ['token new', 'allowed', undefined],
      ['token show', 'failed', 'HTTP_TOKEN_UNSAFE'],
    ])
    for (const token of tokens)
      expect(filesHolding(home.path, token).map((path) => basename(path))).not.toContain('activity.db')
  })

  test('are arguments only when asked for, without values that are live', async () => {
    using home = auditedHome({ audit: { arguments: true } })
    {
      await using client = await RawClient.start(home)
      await client.callText('one__echo', { message: `please use ${TOKEN} now` })
    }

    // in its reply only: its own value in a call to it was said by nobody
    expect(entriesOf(home, '--kind', 'leak').map(({ server, action }) => [server, action])).toEqual([
      ['one', 'taken out'],
    ])
    expect(home.runSync(['audit', 'alerts']).stdout).toMatch(
      /^\S+ {2}taken out: the value of gh\/TOKEN \(server one\)\n$/,
    )
    expect(entriesOf(home, '--kind', 'call')[0]?.arguments).toBe(
      '{"message":"please use [redacted gh/TOKEN] now"}',
    )
    expect(filesHolding(home.path, TOKEN)).toEqual([])
  })
})

test('what is asked of what nothing has is on record as refused, once each and by name', async () => {
  using home = new TempHome(configOf([{ id: 'one' }, { id: 'plain' }]))
  await using client = await RawClient.start(home)
  const completion = (ref: object) =>
    client.request('completion/complete', { ref, argument: { name: 'city', value: 'typed' } })

  await client.request('tools/list')
  await client.call('plain__nothing', { message: 'x' })
  await client.request('prompts/get', { name: 'nothing' })
  await client.request('resources/read', { uri: 'no:thing' })
  await client.request('resources/subscribe', { uri: 'no:thing' })
  await completion({ type: 'ref/prompt', name: 'nothing' })
  await completion({ type: 'ref/resource', uri: 'no:{thing}' })
  await client[Symbol.asyncDispose]()

  const refused = entriesOf(home, '--kind', 'call', '--decision', 'refused')
  expect(refused.map(({ action, name, reason }) => [action, name, reason])).toEqual([
    ['tools/call', 'plain__nothing', 'CALL_UNKNOWN'],
    ['prompts/get', 'nothing', 'CALL_UNKNOWN'],
    ['resources/read', 'no:thing', 'CALL_UNKNOWN'],
    ['resources/subscribe', 'no:thing', 'CALL_UNKNOWN'],
    ['completion/complete', 'nothing', 'CALL_UNKNOWN'],
    ['completion/complete', 'no:{thing}', 'CALL_UNKNOWN'],
  ])
  expect(refused[0]?.argumentsDigest).toBeString()
  expect(filesHolding(home.path, 'typed')).toEqual([])
})

describe('what cannot be put on record', () => {
  test('is not done, unless the configuration says otherwise', async () => {
    using home = auditedHome()
    writeFileSync(home.file('activity.db'), 'no database at all, but long enough to look at')
    {
      await using client = await RawClient.start(home)
      expect(await client.callText('plain__echo', { message: 'x' })).toContain(
        'nothing is done that cannot be put on record',
      )
    }
    expect(home.runSync(['secret', 'get', 'gh', 'TOKEN']).stdout).toBe(TOKEN)
    // nor is a server started to list its tools
    expect(home.runSync(['tools', 'list']).stdout).not.toContain('plain__echo')

    using open = auditedHome({ audit: { on_failure: 'allow' } })
    writeFileSync(open.file('activity.db'), 'no database at all, but long enough to look at')
    await using client = await RawClient.start(open)
    expect(await client.callText('plain__echo', { message: 'x' })).toBe('x')
  })
})
