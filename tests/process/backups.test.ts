import { expect, test } from 'bun:test'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { RotationStep } from '../../src/vault/index.ts'
import { allValues } from '../helpers/sealed.ts'
import { TempHome } from '../helpers/temp-home.ts'
import { fillVault, vaultOf } from '../helpers/vault-of.ts'

const MOMENTS = ['before', 'announced', 'identity-added', 're-sealed', 'committed', 'after'] as const
type Moment = (typeof MOMENTS)[number]
const MOMENT_OF: Partial<Record<RotationStep, Moment>> = {
  announced: 'announced',
  'identity-added': 'identity-added',
  're-sealed': 're-sealed',
  committed: 'committed',
  'old-identity-dropped': 'after',
}

/** Copies made by another program while a rotation goes on, as a backup makes them. */
async function copiesOf(home: TempHome): Promise<(name: string, moment: Moment) => string> {
  const copyOf = (name: string, moment: Moment) => join(home.folder, `${moment}-${name}`)
  const copy = (moment: Moment) => {
    for (const name of ['age.key', 'mcplexer.db'])
      Bun.spawnSync(['cp', '-p', home.file(name), copyOf(name, moment)])
  }
  copy('before')
  const vault = vaultOf(home)
  const options = { isDryRun: false, isPostQuantum: false, keepOldFile: null }
  await vault.rotate(options, {
    onStep: (step) => {
      const moment = MOMENT_OF[step]
      if (moment !== undefined) copy(moment)
    },
  })
  await vault.close()
  return copyOf
}

test('copies of key file and database open what they should, from whichever moments of a rotation they are', async () => {
  using home = new TempHome('auth_scopes: [{ id: s0 }, { id: s1 }, { id: s2 }]')
  const values = await fillVault(home, 3)
  const copyOf = await copiesOf(home)
  const restored = join(home.folder, 'restored')
  mkdirSync(restored, 0o700)
  const isOpened = (database: Moment, key: Moment): boolean => {
    Bun.spawnSync(['cp', '-p', copyOf('mcplexer.db', database), join(restored, 'mcplexer.db')])
    Bun.spawnSync(['cp', '-p', copyOf('age.key', key), join(restored, 'age.key')])
    const env = { MCPLEXER_HOME: restored, MCPLEXER_CONFIG: home.file('mcplexer.yaml') }
    const checked = home.runSync(['rotate-key', '--dry-run'], { env })
    const { stdout } = home.runSync(['secret', 'get', 's1', 'TOKEN'], { env })
    // the check that the README names tells the truth
    expect({ database, key, isFound: stdout === values.get('s1/TOKEN') }).toEqual({
      database,
      key,
      isFound: checked.exitCode === 0,
    })
    if (checked.exitCode !== 0) expect(checked.stderr).toContain('does not hold the identity')
    return checked.exitCode === 0
  }

  const opened = new Map(
    MOMENTS.map((database) => [database, MOMENTS.filter((key) => isOpened(database, key))] as const),
  )

  // of one moment, as a snapshot is, they always fit; of two they do unless a whole rotation was in between
  const withOldKey: Moment[] = ['before', 'announced', 'identity-added', 're-sealed', 'committed']
  const withNewKey: Moment[] = ['identity-added', 're-sealed', 'committed', 'after']
  expect(Object.fromEntries(opened)).toEqual({
    before: withOldKey,
    announced: withOldKey,
    'identity-added': withOldKey,
    're-sealed': withOldKey,
    committed: withNewKey,
    after: withNewKey,
  })
  // the key file copied before and after the database: one of the two opens it
  const order = (moment: Moment) => MOMENTS.indexOf(moment)
  for (const [database, keys] of opened)
    for (const first of MOMENTS.filter((moment) => order(moment) <= order(database)))
      for (const second of MOMENTS.filter((moment) => order(moment) >= order(database)))
        expect(keys.includes(first) || keys.includes(second)).toBe(true)
  expect(await allValues(home)).toEqual(values)
}, 30_000)
