import { describe, expect, test } from 'bun:test'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { allValues, identityCount } from '../helpers/sealed.ts'
import { BINARY, TempHome } from '../helpers/temp-home.ts'
import { fillVault } from '../helpers/vault-of.ts'

const hasStrace = Bun.which('strace') !== null
/** More than any of the commands makes of one call on its own files. */
const MOST_CALLS = 80
/** Every call that changes or reads what is on disk, with a way to fail that the kernel has. */
const FAULTS: [string, string][] = [
  ['pwrite64', 'error=EIO'],
  ['pwrite64', 'error=ENOSPC'],
  ['fsync', 'error=EIO'],
  ['ftruncate', 'error=EIO'],
  ['rename', 'error=EACCES'],
  ['unlink', 'error=EACCES'],
  ['openat', 'error=EACCES'],
  ['pread64', 'error=EIO'],
  ['pwrite64', 'signal=KILL'],
  ['fsync', 'signal=KILL'],
  ['rename', 'signal=KILL'],
  ['unlink', 'signal=KILL'],
]
const COMMANDS: [string, string[]][] = [
  ['secret put', ['secret', 'put', 's0', 'TOKEN', 'a-new-value']],
  ['rotate-key', ['rotate-key']],
]

/** One run in which call number `when` on a file of the home fails; false when there is no such call. */
function runWithFault(
  home: TempHome,
  args: readonly string[],
  call: string,
  fault: string,
  when: number,
): boolean {
  const trace = join(home.folder, 'trace')
  const own = [
    'age.key',
    '.age.key.lock',
    'mcplexer.db',
    'mcplexer.db-journal',
    'activity.db',
    'activity.db-wal',
    'activity.db-shm',
  ]
  // its new name is one of ours, which the filter by path does not look at
  const isFiltered = call !== 'rename'
  const paths = [home.path, ...own.map((name) => home.file(name))].flatMap((path) => ['-P', path])
  const inject = ['-e', `trace=${call}`, '-e', `inject=${call}:${fault}:when=${when}`]
  Bun.spawnSync(
    ['strace', '-f', '-qq', '-o', trace, ...(isFiltered ? paths : []), ...inject, BINARY, ...args],
    {
      env: home.env,
      stdin: 'ignore',
      stdout: 'ignore',
      stderr: 'ignore',
    },
  )
  const text = readFileSync(trace, 'utf8')
  return text.includes('(INJECTED)') || text.includes('killed by SIGKILL')
}

const temporaries = (home: TempHome) => readdirSync(home.path).filter((name) => name.endsWith('.tmp'))

describe.each(COMMANDS)('%s', (_command, args) => {
  test.skipIf(!hasStrace).each(FAULTS)(
    'loses nothing when a %s ends in %s, whichever it is, and the next start is clean',
    async (call, fault) => {
      using home = new TempHome('auth_scopes: [{ id: s0 }, { id: s1 }]')
      const values = await fillVault(home, 2)
      const old = values.get('s0/TOKEN')

      let count = 0
      while (count < MOST_CALLS && runWithFault(home, args, call, fault, count + 1)) {
        count++
        const { exitCode, stderr } = home.runSync(['secret', 'list'])
        expect({ count, exitCode, error: /error: .*/.exec(stderr)?.[0] }).toEqual({
          count,
          exitCode: 0,
          error: undefined,
        })
        const found = await allValues(home)
        expect({ count, s1: found.get('s1/TOKEN') }).toEqual({ count, s1: values.get('s1/TOKEN') })
        expect({ count, isKnown: [old, 'a-new-value'].includes(found.get('s0/TOKEN')) }).toEqual({
          count,
          isKnown: true,
        })
        expect({ count, identities: await identityCount(home), left: temporaries(home) }).toEqual({
          count,
          identities: 1,
          left: [],
        })
      }
      // a put of a key that is there renames nothing
      if (call !== 'rename' || args[0] === 'rotate-key') expect(count).toBeGreaterThan(0)
      expect(count).toBeLessThan(MOST_CALLS)
    },
    120_000,
  )
})

/** The others have to do with the database. */
const KEY_FAULTS = FAULTS.filter(([call]) => ['fsync', 'rename', 'openat', 'pwrite64'].includes(call))

describe('key protect', () => {
  test.skipIf(!hasStrace).each(KEY_FAULTS)(
    'leaves a key file that opens when a %s ends in %s',
    async (call, fault) => {
      using home = new TempHome('auth_scopes: [{ id: s0 }, { id: s1 }]')
      const values = await fillVault(home, 2)
      const manager = join(home.folder, 'manager')
      writeFileSync(manager, '#!/bin/sh\necho a-passphrase\n', { mode: 0o755 })

      let count = 0
      while (count < MOST_CALLS) {
        const how = count % 2 === 0 ? ['command', '--', manager] : ['none']
        if (!runWithFault(home, ['key', 'protect', '--with', ...how], call, fault, count + 1)) break
        count++
        const { stdout, stderr } = home.runSync(['secret', 'get', 's1', 'TOKEN'])
        expect({ count, stdout, error: /error: .*/.exec(stderr)?.[0] }).toEqual({
          count,
          stdout: values.get('s1/TOKEN') ?? '',
          error: undefined,
        })
        expect({ count, left: temporaries(home) }).toEqual({ count, left: [] })
      }
      expect(count).toBeLessThan(MOST_CALLS)
    },
    120_000,
  )
})
