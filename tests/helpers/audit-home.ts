import type { StoredEntry } from '../../src/audit/index.ts'
import { configOf } from './fixtures.ts'
import { TempHome } from './temp-home.ts'

export const TOKEN = `token-${crypto.randomUUID()}`

/** Scope `gh` holds the token; servers `one` and `leaky` have the scope, `plain` has none. */
export function auditedHome(top: object = {}): TempHome {
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

export function entriesOf(home: TempHome, ...filter: string[]): StoredEntry[] {
  return JSON.parse(home.runSync(['audit', 'list', '--json', ...filter]).stdout)
}
