import { describe, expect, test } from 'bun:test'
import type { Plan } from '../../../src/sandbox/plan.ts'
import { seatbeltProfile } from '../../../src/sandbox/seatbelt.ts'

const PLAN: Plan = {
  level: 'default',
  network: 'all',
  readable: [],
  writable: [],
  hidden: ['/Users/a/.mcplexer'],
  readOnly: ['/Users/a/team.yaml'],
  home: '/Users/a',
  privateHome: '/Users/a/.mcplexer/homes/one',
  folder: '/Users/a',
  executable: '/opt/bin/npx',
  shown: [],
}
const linesOf = (changes: Partial<Plan> = {}) => seatbeltProfile({ ...PLAN, ...changes }).split('\n')

// macOS cannot be run here: this says what the profile is, not that it holds
describe('a profile for sandbox-exec', () => {
  test('hides the folders, keeps the configuration as it is, and lets neither be moved', () => {
    expect(linesOf()).toEqual([
      '(version 1)',
      '(allow default)',
      '(deny process-info*)',
      '(allow process-info* (target same-sandbox))',
      '(deny signal)',
      '(allow signal (target same-sandbox))',
      '(deny mach-priv-task-port)',
      '(allow mach-priv-task-port (target same-sandbox))',
      '(deny file-read* file-write* network-outbound (subpath "/Users/a/.mcplexer"))',
      '(deny file-write* (literal "/Users/a/team.yaml"))',
      '(deny file-write-unlink (literal "/Users/a") (literal "/Users") (literal "/"))',
    ])
  })

  test('strict: opens what is named before the folders are hidden, and its own home after', () => {
    const lines = linesOf({ level: 'strict', readable: ['/Users/a/in'], writable: ['/Users/a/out'] })
    const at = (start: string) => lines.findIndex((line) => line.startsWith(start))

    const order = [
      at('(deny file-write*)'),
      at('(allow file-write* (subpath "/Users/a/out")'),
      at('(deny file-read-data file-read-xattr (subpath "/Users/a"))'),
      at('(allow file-read* (subpath "/Users/a/in") (subpath "/Users/a/out") (subpath "/opt/bin/npx"))'),
      at('(deny file-read* file-write* network-outbound (subpath "/Users/a/.mcplexer"))'),
      at('(allow file-read* file-write* (subpath "/Users/a/.mcplexer/homes/one"))'),
    ]

    expect(order).not.toContain(-1)
    expect(order).toEqual(order.toSorted((a, b) => a - b))
  })

  test('network none: no network at all', () => {
    expect(linesOf({ network: 'none' }).at(-1)).toBe('(deny network*)')
  })

  test('a path cannot end its string', () => {
    expect(linesOf({ hidden: ['/a") (allow default) ("\\'] })).toContain(
      '(deny file-read* file-write* network-outbound (subpath "/a\\") (allow default) (\\"\\\\"))',
    )
  })
})
