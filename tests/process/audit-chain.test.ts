import { Database } from 'bun:sqlite'
import { describe, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { auditedHome, entriesOf } from '../helpers/audit-home.ts'
import { RawClient } from '../helpers/mcp-client.ts'
import type { TempHome } from '../helpers/temp-home.ts'

function change(home: TempHome, sql: string, ...parameters: string[]): void {
  const database = new Database(home.file('activity.db'))
  database.run(sql, parameters)
  database.close()
}

describe('the chain', () => {
  test('holds when many processes add to it at once', async () => {
    using home = auditedHome()

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
    using home = auditedHome()
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
    using home = auditedHome()
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
    using home = auditedHome()
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
    using home = auditedHome()
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
    using home = auditedHome({ audit: { keep_entries: 3 } })
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
    using home = auditedHome({ audit: { keep_entries: 3 } })
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

  test('that lets go of another entry than a checkpoint names is shown', async () => {
    using other = auditedHome()
    using home = auditedHome({ audit: { keep_entries: 3 } })
    for (let n = 0; n < 4; n++) other.runSync(['secret', 'get', 'gh', 'TOKEN'])
    for (let n = 0; n < 6; n++) home.runSync(['secret', 'get', 'gh', 'TOKEN'])
    {
      await using client = await RawClient.start(home)
      await client.callText('plain__echo', { message: 'x' })
    }
    const kept = join(home.folder, 'kept.txt')
    writeFileSync(kept, other.runSync(['audit', 'checkpoint']).stdout)

    const { exitCode, stdout } = home.runSync(['audit', 'verify', '--checkpoint', kept])

    expect({ exitCode, stdout }).toEqual({
      exitCode: 1,
      stdout: 'entry 5 of the checkpoint is missing, or another one\n',
    })
  })
})
