import { describe, expect, test } from 'bun:test'
import {
  errorIn,
  FAULTS,
  failEachCall,
  hasStrace,
  homeOfTwo,
  ownPaths,
  RECORD,
  temporaries,
} from '../helpers/faults.ts'
import { allValues, identityCount } from '../helpers/sealed.ts'
import { TempHome } from '../helpers/temp-home.ts'

const COMMANDS: [string, string[]][] = [
  ['secret put', ['secret', 'put', 's0', 'TOKEN', 'a-new-value']],
  ['rotate-key', ['rotate-key']],
]

describe.each(COMMANDS)('%s', (_command, args) => {
  test.skipIf(!hasStrace).each(FAULTS)(
    'loses nothing when a %s ends in %s, whichever it is, and the next start is clean',
    async (call, how) => {
      const open = async () => {
        const { home, values } = await homeOfTwo()
        const known = [values.get('s0/TOKEN'), 'a-new-value']
        const check = async (when: number) => {
          const { exitCode, stderr } = await home.run(['secret', 'list'])
          expect({ when, exitCode, error: errorIn(stderr) }).toEqual({ when, exitCode: 0, error: undefined })
          const found = await allValues(home)
          expect({ when, s1: found.get('s1/TOKEN') }).toEqual({ when, s1: values.get('s1/TOKEN') })
          expect({ when, isKnown: known.includes(found.get('s0/TOKEN')) }).toEqual({ when, isKnown: true })
          expect({ when, identities: await identityCount(home), left: temporaries(home.path) }).toEqual({
            when,
            identities: 1,
            left: [],
          })
        }
        return { home, paths: ownPaths(home, call), args: () => args, check }
      }

      const count = await failEachCall(open, [call, how])

      // a put of a key that is there renames nothing
      if (call !== 'rename' || args[0] === 'rotate-key') expect(count).toBeGreaterThan(0)
      expect(count).toBeLessThan(80)
    },
    120_000,
  )
})

describe('the record', () => {
  test.skipIf(!hasStrace).each(FAULTS.filter(([call]) => call !== 'rename'))(
    'stays a chain that loses no entry, and goes on, when a %s ends in %s',
    async (call, how) => {
      const open = async () => {
        const home = new TempHome()
        let last = 0
        const check = async (when: number) => {
          const next = await home.run(['token', 'show'])
          expect({ when, exitCode: next.exitCode, error: errorIn(next.stderr) }).toEqual({
            when,
            exitCode: 0,
            error: undefined,
          })
          const { exitCode, stdout } = await home.run(['audit', 'verify'])
          const count = Number(/^(\d+) entries from 1 on/.exec(stdout)?.[1])
          // at least the one without a fault; the faulty one could warn only
          expect({ when, exitCode, isMore: count > last }).toEqual({ when, exitCode: 0, isMore: true })
          last = count
        }
        await home.run(['token', 'show'])
        const paths = RECORD.map((name) => home.file(name))
        return { home, paths, args: () => ['token', 'show'], check }
      }

      const count = await failEachCall(open, [call, how])

      expect(count).toBeGreaterThan(0)
      expect(count).toBeLessThan(80)
    },
    60_000,
  )
})
