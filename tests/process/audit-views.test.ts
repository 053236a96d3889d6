import { describe, expect, test } from 'bun:test'
import type { StoredEntry } from '../../src/audit/index.ts'
import { auditedHome, TOKEN } from '../helpers/audit-home.ts'
import { configOf } from '../helpers/fixtures.ts'
import { introduction, RawClient } from '../helpers/mcp-client.ts'
import { TempHome } from '../helpers/temp-home.ts'

function homeOf(env: Record<string, string> = {}): TempHome {
  const home = new TempHome(configFor(env))
  home.put('gh', 'TOKEN', TOKEN)
  return home
}

function configFor(env: Record<string, string>): string {
  return configOf([{ id: 'one', more: { auth_scope: 'gh', env } }], [{ id: 'gh' }, { id: 'other' }])
}

function call(home: TempHome): void {
  home.runSync(['tools', 'call', 'one__echo', '{"message": "x"}'])
}

function listed(home: TempHome, ...filter: string[]): string[] {
  const { stdout } = home.runSync(['audit', 'list', '--json', ...filter])
  return (JSON.parse(stdout) as StoredEntry[]).map(({ kind, action, reason }) =>
    [kind, action, reason].filter(Boolean).join(' '),
  )
}

describe('audit list', () => {
  test('--decision refused has what a lock, a revoked scope and a changed launch have kept from being done', () => {
    using home = homeOf()
    call(home)
    home.runSync(['lock'])
    call(home)
    home.runSync(['secret', 'get', 'gh', 'TOKEN'])
    home.runSync(['unlock'])
    home.runSync(['scope', 'revoke', 'gh'])
    call(home)
    home.runSync(['unlock', 'gh'])
    home.writeConfig(configFor({ EVIL: '1' }))
    call(home)

    expect(listed(home, '--decision', 'refused')).toEqual([
      'call tools/call VAULT_LOCKED',
      'secret get VAULT_LOCKED',
      'call tools/call VAULT_LOCKED',
      'start start AUTH_LAUNCH_CHANGED',
      'call tools/call AUTH_LAUNCH_CHANGED',
    ])
    expect(home.runSync(['audit', 'alerts']).stdout).toContain('get refused: VAULT_LOCKED (auth scope gh)')
  })

  test('--scope has the approval that gave it to a server, and what was said of it', () => {
    using home = homeOf()
    home.put('other', 'TOKEN', `another-${TOKEN}`)
    call(home)
    home.writeConfig(configFor({ EVIL: '1' }))
    home.runSync(['servers', 'review', '--yes'])
    home.runSync(['tools', 'call', 'one__environment'])

    expect(listed(home, '--scope', 'gh')).toEqual([
      'secret put',
      'start start',
      'call tools/call',
      'approval launch',
      'start start',
      'leak taken out',
      'call tools/call',
    ])
    expect(listed(home, '--scope', 'other')).toEqual(['secret put'])
  })

  test('a misspelt server or scope that finds nothing is told so', () => {
    using home = auditedHome()

    expect(home.runSync(['audit', 'list', '--server', 'onee']).stderr).toContain('did you mean one?')
    expect(home.runSync(['audit', 'list', '--scope', 'ghh']).stderr).toContain('did you mean gh?')
    expect(home.runSync(['audit', 'list', '--server', 'one']).stderr).toBe('')
  })
})

describe('audit alerts', () => {
  test('name values that servers said, and a second client of a scope', async () => {
    using home = auditedHome()
    {
      await using client = await RawClient.start(home)
      await client.callText('leaky__result')
    }
    const other = RawClient.raw(home)
    await other.request('initialize', introduction({ clientInfo: { name: 'stranger', version: '9' } }))
    await other.callText('one__echo', { message: 'x' })
    await other.close()

    const { exitCode, stdout } = home.runSync(['audit', 'alerts'])

    expect(exitCode).toBe(1)
    expect(stdout).toContain('taken out: the value of gh/TOKEN')
    expect(stdout).toContain('auth scope gh was used by stranger/9 for the first time')
  })

  test('names no server or scope where there is none, and no slip of the hand', () => {
    using home = homeOf()
    const taken = ['--keep-old', home.file('mcplexer.yaml')]
    expect(home.runSync(['rotate-key', ...taken]).stderr).toContain('exists already')
    expect(home.runSync(['secret', 'put', 'gh', 'BAD NAME', TOKEN]).exitCode).toBe(1)
    expect(home.runSync(['audit', 'alerts']).stdout).toBe('nothing stands out\n')

    home.runSync(['key', 'protect', '--with', 'command', '--', 'false'])

    expect(home.runSync(['audit', 'alerts']).stdout).toMatch(
      /^\S+ {2}protect with command failed: VAULT_KEY_COMMAND_FAILED\n$/,
    )
  })
})
