import { Database } from 'bun:sqlite'
import { describe, expect, test } from 'bun:test'
import { chmodSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { StoredEntry } from '../../src/audit/index.ts'
import { filesHolding } from '../helpers/canary.ts'
import { configOf } from '../helpers/fixtures.ts'
import { RawClient } from '../helpers/mcp-client.ts'
import { TempHome } from '../helpers/temp-home.ts'

const TOKEN = `token-${crypto.randomUUID()}`

function homeOf(top: object = {}): TempHome {
  const home = new TempHome(
    configOf(
      [
        { id: 'one', more: { auth_scope: 'gh' } },
        { id: 'plain' },
        { id: 'leaky', script: 'leaky', more: { auth_scope: 'gh' } },
      ],
      [{ id: 'gh' }],
      top,
    ),
  )
  home.put('gh', 'TOKEN', TOKEN)
  return home
}

function entriesOf(home: TempHome, ...filter: string[]): StoredEntry[] {
  return JSON.parse(home.runSync(['audit', 'list', '--json', ...filter]).stdout)
}

function change(home: TempHome, sql: string, ...parameters: string[]): void {
  const database = new Database(home.file('activity.db'))
  database.run(sql, parameters)
  database.close()
}

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
    using home = homeOf()
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

  test('a misspelt server or scope that finds nothing is told so', () => {
    using home = homeOf()

    expect(home.runSync(['audit', 'list', '--server', 'onee']).stderr).toContain('did you mean one?')
    expect(home.runSync(['audit', 'list', '--scope', 'ghh']).stderr).toContain('did you mean gh?')
    expect(home.runSync(['audit', 'list', '--server', 'one']).stderr).toBe('')
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

  test('is every call and every start, with names and sizes and no value', async () => {
    using home = homeOf()
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
    using home = homeOf()
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
    using home = homeOf()
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
    using home = homeOf()
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
    using home = homeOf({ audit: { arguments: true } })
    {
      await using client = await RawClient.start(home)
      await client.callText('one__echo', { message: `please use ${TOKEN} now` })
    }

    // its own value in a call to it was said by nobody
    expect(entriesOf(home, '--kind', 'leak').map(({ server }) => server)).not.toContain('the audit log')
    expect(home.runSync(['audit', 'alerts']).stdout).not.toContain('audit log')
    expect(entriesOf(home, '--kind', 'call')[0]?.arguments).toBe(
      '{"message":"please use [redacted gh/TOKEN] now"}',
    )
    expect(filesHolding(home.path, TOKEN)).toEqual([])
  })
})

describe('the chain', () => {
  test('holds when many processes add to it at once', async () => {
    using home = homeOf()

    await Promise.all(Array.from({ length: 12 }, () => home.run(['secret', 'get', 'gh', 'TOKEN'])))

    expect(entriesOf(home).length).toBe(13)
    expect(home.runSync(['audit', 'verify'])).toMatchObject({ exitCode: 0 })
  })

  test.each([
    ['an edit', `update audit_entries set body = replace(body, 'gh', 'hg') where seq = 2`, 2],
    ['a gap', 'delete from audit_entries where seq = 2', 2],
    [
      'another order',
      `update audit_entries set body = case seq when 2 then (select body from audit_entries where seq = 3) else (select body from audit_entries where seq = 2) end where seq in (2, 3)`,
      2,
    ],
    ['a start moved on', `insert into audit_start values (1, 1, x'00')`, 2],
  ])('shows %s', (_what, sql, at) => {
    using home = homeOf()
    for (let n = 0; n < 4; n++) home.runSync(['secret', 'get', 'gh', 'TOKEN'])
    change(home, sql)

    const { exitCode, stdout, stderr } = home.runSync(['audit', 'verify'])

    expect(stderr).toContain('keep a copy of activity.db')
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: `the record was changed at entry ${at}\n` })
  })

  test.each([
    ['a time that is none', `json_set(body, '$.atMs', 9e15)`],
    ['no time', `json_remove(body, '$.atMs')`],
    ['a number for a name', `json_set(body, '$.client', 5)`],
    ['keys that are none', `json_set(body, '$.keys', 'x')`],
    ['no object', `'null'`],
    ['no JSON', `'{'`],
  ])('can be looked at when an entry has %s', (_what, body) => {
    using home = homeOf()
    home.runSync(['secret', 'get', 'gh', 'TOKEN'])
    change(home, `update audit_entries set body = ${body} where seq = 1`)

    for (const args of [['list'], ['list', '--json'], ['tail'], ['alerts'], ['export']]) {
      const { exitCode, stdout, stderr } = home.runSync(['audit', ...args])
      expect({ args, exitCode, stderr }).toEqual({ args, exitCode: 0, stderr: '' })
      if (args[0] !== 'alerts') expect(stdout).toContain('unreadable')
    }
    expect(home.runSync(['audit', 'verify']).exitCode).toBe(1)
  })

  test('cut off in front, with its start moved there, is shown', () => {
    using home = homeOf()
    for (let n = 0; n < 4; n++) home.runSync(['secret', 'get', 'gh', 'TOKEN'])
    change(home, 'insert into audit_start select 1, seq, hash from audit_entries where seq = 2')
    change(home, 'delete from audit_entries where seq <= 2')

    const { exitCode, stdout } = home.runSync(['audit', 'verify'])

    expect({ exitCode, stdout }).toEqual({
      exitCode: 1,
      stdout: 'entries up to 2 are missing, and no entry says that they were let go of\n',
    })
  })

  test('cut off at its end, or written anew, is shown by a checkpoint that was kept', () => {
    using home = homeOf()
    home.runSync(['secret', 'get', 'gh', 'TOKEN'])
    const kept = join(home.folder, 'kept.txt')
    writeFileSync(kept, home.runSync(['audit', 'checkpoint']).stdout)
    home.runSync(['secret', 'get', 'gh', 'TOKEN'])
    expect(home.runSync(['audit', 'verify', '--checkpoint', kept])).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/^3 entries from 1 on are as they were written, and go on from entry 2,/),
    })

    change(home, 'delete from audit_entries where seq >= 2')
    home.runSync(['secret', 'list'])
    expect(home.runSync(['audit', 'verify'])).toMatchObject({ exitCode: 0 })
    expect(home.runSync(['audit', 'verify', '--checkpoint', kept]).exitCode).toBe(1)

    writeFileSync(
      kept,
      home.runSync(['audit', 'checkpoint']).stdout.replace('checkpoint/1 1', 'checkpoint/1 2'),
    )
    expect(home.runSync(['audit', 'verify', '--checkpoint', kept]).stderr).toContain('signature is wrong')
  })

  test('a checkpoint of what was let go of since is no alarm, beside one that still stands', async () => {
    using home = homeOf({ audit: { keep_entries: 3 } })
    const kept = join(home.folder, 'kept.txt')
    const first = home.runSync(['audit', 'checkpoint']).stdout
    for (let n = 0; n < 4; n++) home.runSync(['secret', 'get', 'gh', 'TOKEN'])
    {
      await using client = await RawClient.start(home)
      await client.callText('plain__echo', { message: 'x' })
    }
    expect(entriesOf(home)[0]?.seq).toBeGreaterThan(2)
    const verify = (text: string) => {
      writeFileSync(kept, text)
      return home.runSync(['audit', 'verify', '--checkpoint', kept])
    }

    const both = verify(first + home.runSync(['audit', 'checkpoint']).stdout)
    expect(both.exitCode).toBe(0)
    expect(both.stdout).toContain('entry 1 of the checkpoint was let go of')
    expect(both.stdout).toContain('go on from entry')

    const alone = verify(first)
    expect(alone.exitCode).toBe(1)
    expect(alone.stdout).toContain('was let go of')
    expect(alone.stderr).not.toContain('replace the secrets')
  })

  test('goes on after old entries were let go of', async () => {
    using home = homeOf({ audit: { keep_entries: 3 } })
    for (let n = 0; n < 6; n++) home.runSync(['secret', 'get', 'gh', 'TOKEN'])

    {
      await using client = await RawClient.start(home)
      await client.callText('plain__echo', { message: 'x' })
    }

    const { exitCode, stdout } = home.runSync(['audit', 'verify'])
    expect({ exitCode, lines: stdout.split('\n') }).toEqual({
      exitCode: 0,
      lines: [
        expect.stringContaining('entries from 6 on are as they were written'),
        expect.stringMatching(/^those before 6 were let go of 20/),
        '',
      ],
    })
    expect(entriesOf(home)[0]?.seq).toBe(6)
    expect(entriesOf(home, '--kind', 'retention')[0]?.action).toMatch(/^let go up to 5 [0-9a-f]{64}$/)
  })
})

test('a call of what nothing has is on record as refused', async () => {
  using home = homeOf()
  await using client = await RawClient.start(home)

  await client.request('tools/list')
  await client.call('plain__nothing', { message: 'x' })
  await client.request('prompts/get', { name: 'nothing' })
  await client[Symbol.asyncDispose]()

  const refused = entriesOf(home, '--kind', 'call', '--decision', 'refused')
  expect(refused.map(({ action, name, reason }) => [action, name, reason])).toEqual([
    ['tools/call', 'plain__nothing', 'CALL_UNKNOWN'],
    ['prompts/get', 'nothing', 'CALL_UNKNOWN'],
  ])
  expect(refused[0]?.argumentsDigest).toBeString()
})

describe('what cannot be put on record', () => {
  test('is not done, unless the configuration says otherwise', async () => {
    using home = homeOf()
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

    using open = homeOf({ audit: { on_failure: 'allow' } })
    writeFileSync(open.file('activity.db'), 'no database at all, but long enough to look at')
    await using client = await RawClient.start(open)
    expect(await client.callText('plain__echo', { message: 'x' })).toBe('x')
  })
})

describe('alerts', () => {
  test('name values that servers said, and a second client of a scope', async () => {
    using home = homeOf()
    {
      await using client = await RawClient.start(home)
      await client.callText('leaky__result')
    }
    const other = RawClient.raw(home)
    await other.request('initialize', {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'stranger', version: '9' },
    })
    await other.callText('one__echo', { message: 'x' })
    await other.close()

    const { exitCode, stdout } = home.runSync(['audit', 'alerts'])

    expect(exitCode).toBe(1)
    expect(stdout).toContain('taken out: the value of gh/TOKEN')
    expect(stdout).toContain('auth scope gh was used by stranger/9 for the first time')
  })
})
