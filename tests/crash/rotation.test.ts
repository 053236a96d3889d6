import { describe, expect, test } from 'bun:test'
import { appendFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROTATION_STEPS } from '../../src/vault/index.ts'
import { configOf, UNSHIELDED } from '../helpers/fixtures.ts'
import { RawClient } from '../helpers/mcp-client.ts'
import { eventually } from '../helpers/processes.ts'
import { seededRandom } from '../helpers/random.ts'
import { allValues, identityCount, identityIn, sealedRows } from '../helpers/sealed.ts'
import { BINARY, TempHome } from '../helpers/temp-home.ts'
import { fillVault } from '../helpers/vault-of.ts'

const KILLS = 200
const SCOPES = 300
const temporaryFiles = (home: TempHome) => readdirSync(home.path).filter((name) => name.endsWith('.tmp'))

/** What the next start does; it tidies up. */
function nextStart(home: TempHome): void {
  const { exitCode, stderr } = home.runSync(['secret', 'list'])
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
}

test.each(ROTATION_STEPS)(
  'D10: rotate-key killed after %s leaves every scope readable, and the next start tidies up',
  async (step) => {
    using home = new TempHome('')
    const values = await fillVault(home, 5)

    const script = join(import.meta.dir, '../helpers/rotate-and-die.ts')
    const killed = Bun.spawnSync([process.execPath, script, step], { env: home.env, stderr: 'pipe' })

    expect(killed.signalCode).toBe('SIGKILL')
    expect(await allValues(home)).toEqual(values)
    nextStart(home)
    expect(await allValues(home)).toEqual(values)
    expect(await identityCount(home)).toBe(1)
    expect(temporaryFiles(home)).toEqual([])
  },
)

test(`D10: rotate-key killed at ${KILLS} random moments of its writing loses nothing`, async () => {
  using home = new TempHome('')
  const values = await fillVault(home, SCOPES)
  const seed = Number(process.env['TEST_SEED'] ?? Date.now() % 1_000_000)
  const random = seededRandom(seed)
  let writing = await writingTime(home)
  process.stderr.write(
    `random kills: seed ${seed}, writing from ${writing.from.toFixed(0)} to ${writing.to.toFixed(0)} ms\n`,
  )
  let died = 0

  for (let round = 0; died < KILLS; round++) {
    // other work on the machine changes how long it takes
    if (round % 50 === 49) writing = await writingTime(home)
    expect(round).toBeLessThan(4 * KILLS)
    const child = Bun.spawn([BINARY, 'rotate-key'], { env: home.env, stdout: 'ignore', stderr: 'ignore' })
    await Bun.sleep(writing.from + random() * (writing.to - writing.from))
    child.kill('SIGKILL')
    await child.exited
    if (child.signalCode === 'SIGKILL') died++
    expect({ seed, round, lost: difference(values, await allValues(home)) }).toEqual({ seed, round, lost: [] })
    if (round % 10 === 9) {
      nextStart(home)
      expect({ seed, round, identities: await identityCount(home), temporary: temporaryFiles(home) }).toEqual({
        seed,
        round,
        identities: 1,
        temporary: [],
      })
    }
  }
}, 600_000)

describe('D11: a rotation beside everything else', () => {
  test('every call is answered right while serve starts servers, and later starts use the new key', async () => {
    const ids = Array.from({ length: 12 }, (_, n) => `srv${n}`)
    const scopes = ids.map((id) => ({ id: `scope-${id}`, keys: [{ name: 'TOKEN', public: true }] }))
    using home = new TempHome(
      configOf(
        ids.map((id) => ({ id, more: { auth_scope: `scope-${id}` } })),
        scopes,
      ),
    )
    for (const id of ids) home.put(`scope-${id}`, 'TOKEN', `token of ${id}`)
    await fillVault(home, SCOPES)
    const before = new Set(sealedRows(home).map(({ recipient }) => recipient))
    await using client = await RawClient.start(home)

    let isRotating = true
    const rotations = (async () => {
      for (let round = 0; round < 3; round++) expect((await home.run(['rotate-key'])).exitCode).toBe(0)
      isRotating = false
    })()
    let starts = 0
    while (isRotating || starts < ids.length) {
      const id = ids[starts++ % ids.length] ?? ''
      expect(JSON.parse(await client.callText(`${id}__environment`)).env.TOKEN).toBe(`token of ${id}`)
      await client.call(`${id}__exit`)
    }
    await rotations

    expect(starts).toBeGreaterThanOrEqual(ids.length)
    expect(JSON.parse(await client.callText('srv0__environment')).env.TOKEN).toBe('token of srv0')
    expect(sealedRows(home).some(({ recipient }) => before.has(recipient))).toBe(false)
  }, 120_000)

  test('a rotation changes no generation and restarts no server', async () => {
    using home = new TempHome(
      configOf(
        ['a', 'b'].map((id) => ({ id, more: { ...UNSHIELDED, auth_scope: id } })),
        [{ id: 'a' }, { id: 'b' }],
      ),
    )
    for (const scope of ['a', 'b']) home.put(scope, 'TOKEN', 'v')
    await using client = await RawClient.start(home)
    const pidOf = async (server: string) => JSON.parse(await client.callText(`${server}__environment`)).pid
    const [a, b] = [await pidOf('a'), await pidOf('b')]
    const generations = () => sealedRows(home).map(({ generation }) => generation)
    const before = generations()

    expect(home.runSync(['rotate-key']).exitCode).toBe(0)
    expect(generations()).toEqual(before)
    home.put('b', 'TOKEN', 'w')
    // a gateway that has seen the later change has seen the rotation
    await eventually(async () => (await pidOf('b')) !== b, 'the other server is replaced')

    expect(await pidOf('a')).toBe(a)
  })

  test('puts in other processes wait and lose nothing', async () => {
    using home = new TempHome('auth_scopes: [{ id: a }]')
    await fillVault(home, 100)

    const runs = await Promise.all([
      home.run(['rotate-key']),
      ...Array.from({ length: 6 }, (_, n) => home.run(['secret', 'put', 'a', `K${n}`], { stdin: `v${n}` })),
      home.run(['rotate-key']),
    ])

    expect(runs.map(({ exitCode }) => exitCode)).toEqual(Array(8).fill(0))
    const values = await allValues(home)
    for (let n = 0; n < 6; n++) expect(values.get(`a/K${n}`)).toBe(`v${n}`)
    expect(await identityCount(home)).toBe(1)
  })
})

describe('whose identities are dropped', () => {
  test('one that the user added stays, byte for byte', async () => {
    using home = new TempHome('')
    using other = new TempHome('')
    const values = await fillVault(home, 3)
    const added = `# my own\n${identityIn(other.read('age.key'))}\n`
    appendFileSync(home.file('age.key'), added)

    expect(home.runSync(['rotate-key']).exitCode).toBe(0)

    expect(home.read('age.key')).toContain(added)
    expect(await identityCount(home)).toBe(2)
    expect(await allValues(home)).toEqual(values)
  })

  test('in a key file that another home shares the old one stays, and the report names its line', async () => {
    using home = new TempHome('')
    await fillVault(home, 3)
    writeFileSync(home.file('age.key'), `# mcplexer vault of-somebody-else\n${home.read('age.key')}`)

    const { stdout } = home.runSync(['rotate-key'])

    expect(stdout).toContain(`delete line 5 of ${home.file('age.key')} yourself`)
    expect(await identityCount(home)).toBe(2)
  })

  test('--dry-run changes nothing, --keep-old saves the old one, --post-quantum moves on', async () => {
    using home = new TempHome('')
    const values = await fillVault(home, 3)
    const before = home.read('age.key')
    const identity = identityIn(before)

    expect(home.runSync(['rotate-key', '--dry-run']).stdout).toContain('nothing was changed')
    expect(home.read('age.key')).toBe(before)
    expect(home.runSync(['rotate-key', '--post-quantum', '--keep-old', home.file('old.key')]).exitCode).toBe(0)

    expect(home.read('old.key')).toContain(identity)
    expect(home.read('age.key')).not.toContain(identity)
    expect(sealedRows(home).every(({ recipient }) => recipient.startsWith('age1pq1'))).toBe(true)
    expect(await allValues(home)).toEqual(values)
    expect(home.runSync(['rotate-key']).exitCode).toBe(0)
    expect(sealedRows(home).every(({ recipient }) => recipient.startsWith('age1pq1'))).toBe(true)
    expect(home.runSync(['rotate-key', '--keep-old', home.file('old.key')]).stderr).toContain('exists already')
  })
})

/** From the first write to the last, as seen from outside: the median of three undisturbed runs. */
async function writingTime(home: TempHome): Promise<{ from: number; to: number }> {
  const runs: { from: number; to: number }[] = []
  for (let round = 0; round < 3; round++) {
    const started = performance.now()
    const child = Bun.spawn([BINARY, 'rotate-key'], { env: home.env, stdout: 'ignore', stderr: 'pipe' })
    let from = 0
    for await (const chunk of child.stderr) {
      if (from === 0 && new TextDecoder().decode(chunk).includes('every scope opens'))
        from = performance.now() - started
    }
    runs.push({ from, to: performance.now() - started })
  }
  return runs.sort((a, b) => a.to - b.to)[1] ?? { from: 0, to: 500 }
}

function difference(wanted: ReadonlyMap<string, string>, found: ReadonlyMap<string, string>): string[] {
  return [...wanted].filter(([name, value]) => found.get(name) !== value).map(([name]) => name)
}
