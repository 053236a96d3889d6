import { join } from 'node:path'
import { ROOT } from './temp-home.ts'

/** The Bun that runs the tests also runs the fixture servers. */
const BUN = process.execPath

/** For tests that look at the server's process from outside: behind a shield it knows its own number only. */
export const UNSHIELDED = { shield: 'off' }

export interface Entry {
  readonly id: string
  readonly script?:
    | 'curious'
    | 'general'
    | 'odd'
    | 'legacy'
    | 'leaky'
    | 'hostile'
    | 'network'
    | 'tasks'
    | 'watched'
  readonly args?: readonly string[]
  readonly more?: Record<string, unknown>
}

/** A configuration of fixture servers; JSON is YAML. */
export function configOf(entries: readonly Entry[], scopes: readonly object[] = [], top: object = {}): string {
  return JSON.stringify(
    {
      ...top,
      auth_scopes: scopes,
      downstream_servers: entries.map(({ id, script = 'general', args = [], more = {} }) => ({
        id,
        command: BUN,
        args: [join(ROOT, 'tests/fixtures/servers', `${script}.ts`), ...args],
        ...more,
      })),
    },
    null,
    1,
  )
}
