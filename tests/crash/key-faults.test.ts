import { describe, expect, test } from 'bun:test'
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openWithPassphrase } from '../../src/vault/cipher.ts'
import { FixturePlugin } from '../helpers/age-plugin.ts'
import {
  errorIn,
  FAULTS,
  failEachCall,
  hasStrace,
  homeOfTwo,
  ownPaths,
  temporaries,
} from '../helpers/faults.ts'
import { runWithPassphrase } from '../helpers/passphrase.ts'

const PASSPHRASE = 'a passphrase of the backup'

/** The others have to do with the database. */
const PROTECT_FAULTS = FAULTS.filter(([call]) => ['fsync', 'rename', 'openat', 'pwrite64'].includes(call))

describe('key protect', () => {
  test.skipIf(!hasStrace).each(PROTECT_FAULTS)(
    'leaves a key file that opens when a %s ends in %s',
    async (call, how) => {
      const open = async () => {
        const { home, values } = await homeOfTwo()
        const manager = join(home.folder, 'manager')
        writeFileSync(manager, '#!/bin/sh\necho a-passphrase\n', { mode: 0o755 })
        let isWrapping = false
        const args = () => {
          isWrapping = !isWrapping
          return ['key', 'protect', '--with', ...(isWrapping ? ['command', '--', manager] : ['none'])]
        }
        const check = async (when: number) => {
          const { stdout, stderr } = await home.run(['secret', 'get', 's1', 'TOKEN'])
          expect({ when, stdout, error: errorIn(stderr) }).toEqual({
            when,
            stdout: values.get('s1/TOKEN') ?? '',
            error: undefined,
          })
          expect({ when, left: temporaries(home.path) }).toEqual({ when, left: [] })
        }
        return { home, paths: ownPaths(home, call), args, check }
      }

      const count = await failEachCall(open, [call, how])

      expect(count).toBeGreaterThan(0)
      expect(count).toBeLessThan(80)
    },
    120_000,
  )

  test.skipIf(!hasStrace).each(PROTECT_FAULTS.filter(([call]) => ['fsync', 'rename'].includes(call)))(
    'by an age plugin leaves a key file that opens when a %s ends in %s',
    async (call, how) => {
      const open = async () => {
        const { home, values } = await homeOfTwo()
        const plugin = FixturePlugin.of(home)
        const env = plugin.env()
        let isWrapping = false
        const args = () => {
          isWrapping = !isWrapping
          const way = isWrapping ? ['plugin', '--identity', plugin.identityFile] : ['none']
          return ['key', 'protect', '--with', ...way]
        }
        const check = async (when: number) => {
          const { stdout, stderr } = await home.run(['secret', 'get', 's1', 'TOKEN'], { env })
          expect({ when, stdout, error: errorIn(stderr) }).toEqual({
            when,
            stdout: values.get('s1/TOKEN') ?? '',
            error: undefined,
          })
          expect({ when, left: temporaries(home.path) }).toEqual({ when, left: [] })
        }
        return { home, paths: ownPaths(home, call), args, check, env }
      }

      const count = await failEachCall(open, [call, how])

      expect(count).toBeGreaterThan(0)
      expect(count).toBeLessThan(80)
    },
    120_000,
  )
})

/** Of those that a file is made by; they are not many, and looked at wherever they are made. */
const MAKING_FAULTS: [string, string][] = [
  ['write', 'error=EIO'],
  ['write', 'error=ENOSPC'],
  ['write', 'signal=KILL'],
  ['fsync', 'error=EIO'],
  ['fsync', 'signal=KILL'],
  ['link', 'error=EACCES'],
  ['link', 'error=ENOSPC'],
  ['link', 'signal=KILL'],
  ['unlink', 'error=EACCES'],
  ['unlink', 'signal=KILL'],
  ['openat', 'error=EACCES'],
  ['openat', 'signal=KILL'],
  ['read', 'error=EIO'],
]
const FILTERED = ['openat', 'read']

describe('key backup', () => {
  test.skipIf(!hasStrace).each(MAKING_FAULTS)(
    'writes all of it or nothing when a %s ends in %s',
    async (call, how) => {
      const open = async () => {
        const { home } = await homeOfTwo()
        const key = home.read('age.key')
        const target = join(home.folder, 'backup.age')
        const args = () => ['key', 'backup', target]
        const arrange = () => rmSync(target, { force: true })
        const check = async (when: number, exitCode: number | null) => {
          expect({ when, isKept: home.read('age.key') === key }).toEqual({ when, isKept: true })
          const isThere = existsSync(target)
          // whoever is told that there is a backup has one
          if (exitCode === 0) expect({ when, isThere }).toEqual({ when, isThere: true })
          if (isThere)
            expect(new TextDecoder().decode(await openWithPassphrase(PASSPHRASE, readFileSync(target)))).toBe(
              key,
            )
          if (temporaries(home.folder).length === 0) return
          arrange()
          const { stderr } = await runWithPassphrase(home, PASSPHRASE, args())
          const left = temporaries(home.folder)
          expect({ when, error: errorIn(stderr), left }).toEqual({ when, error: undefined, left: [] })
        }
        const paths = FILTERED.includes(call) ? [home.folder, home.file('age.key'), target] : null
        return { home, paths, args, arrange, check, passphrase: PASSPHRASE }
      }

      const count = await failEachCall(open, [call, how])

      expect(count).toBeGreaterThan(0)
      expect(count).toBeLessThan(80)
    },
    60_000,
  )
})

describe('key restore', () => {
  test.skipIf(!hasStrace).each(MAKING_FAULTS)(
    'puts the whole key file there or none when a %s ends in %s',
    async (call, how) => {
      const open = async () => {
        const { home, values } = await homeOfTwo()
        const key = home.read('age.key')
        const source = join(home.folder, 'backup.age')
        await runWithPassphrase(home, PASSPHRASE, ['key', 'backup', source])
        const backup = readFileSync(source)
        const args = () => ['key', 'restore', source]
        const arrange = () => rmSync(home.file('age.key'), { force: true })
        const check = async (when: number, exitCode: number | null) => {
          expect({ when, isKept: readFileSync(source).equals(backup) }).toEqual({ when, isKept: true })
          const isThere = existsSync(home.file('age.key'))
          if (exitCode === 0) expect({ when, isThere }).toEqual({ when, isThere: true })
          if (!isThere) expect((await runWithPassphrase(home, PASSPHRASE, args())).exitCode).toBe(0)
          expect({ when, isSame: home.read('age.key') === key }).toEqual({ when, isSame: true })
          expect(statSync(home.file('age.key')).mode & 0o777).toBe(0o600)
          const { stdout, stderr } = await home.run(['secret', 'get', 's1', 'TOKEN'])
          expect({ when, stdout, error: errorIn(stderr), left: temporaries(home.path) }).toEqual({
            when,
            stdout: values.get('s1/TOKEN') ?? '',
            error: undefined,
            left: [],
          })
        }
        const own = [home.path, home.file('age.key'), home.file('.age.key.lock'), source]
        const paths = FILTERED.includes(call) ? own : null
        return { home, paths, args, arrange, check, passphrase: PASSPHRASE }
      }

      const count = await failEachCall(open, [call, how])

      expect(count).toBeGreaterThan(0)
      expect(count).toBeLessThan(80)
    },
    60_000,
  )
})
