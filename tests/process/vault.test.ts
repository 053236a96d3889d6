import { describe, expect, test } from 'bun:test'
import { chmodSync, copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { filesHolding } from '../helpers/canary.ts'
import { changeDatabase, sealedRows } from '../helpers/sealed.ts'
import { BINARY, TempHome } from '../helpers/temp-home.ts'

const SCOPES = 'auth_scopes: [{ id: a }, { id: b }, { id: c }]'
const age = Bun.which('age')

describe('D8: the sealed blob', () => {
  test.skipIf(age === null)(
    'is a plain age file that `age -d` opens, and a re-encrypted one is refused',
    () => {
      using home = new TempHome(SCOPES)
      home.put('a', 'TOKEN', 'top secret')
      const blob = join(home.folder, 'blob.age')
      writeFileSync(blob, sealedRows(home)[0]?.blob ?? '')

      const opened = Bun.spawnSync(['age', '-d', '-i', home.file('age.key'), blob])
      expect(opened.stdout.toString()).toMatch(/^mcplexer-scope\/1\na \d+\n1\nTOKEN 10\ntop secret\n$/)
      expect(Bun.spawnSync(['age-keygen', '-y', home.file('age.key')]).stdout.toString()).toMatch(/^age1\S+\n$/)

      const recipient = sealedRows(home)[0]?.recipient ?? ''
      const forged = Bun.spawnSync(['age', '-r', recipient], { stdin: opened.stdout })
      changeDatabase(home, 'update sealed_scopes set blob = ?', new Uint8Array(forged.stdout))
      const { exitCode, stderr } = home.runSync(['secret', 'get', 'a', 'TOKEN'])
      expect(exitCode).toBe(1)
      expect(stderr).toContain('auth scope a was changed outside of mcplexer')
    },
  )
})

test('D9: 20 processes that put into one scope at once lose nothing', async () => {
  using home = new TempHome(SCOPES)

  const runs = await Promise.all(
    Array.from({ length: 20 }, (_, n) => home.run(['secret', 'put', 'a', `KEY_${n}`], { stdin: `value ${n}` })),
  )

  expect(runs.map(({ exitCode }) => exitCode)).toEqual(Array(20).fill(0))
  for (let n = 0; n < 20; n++)
    expect(home.runSync(['secret', 'get', 'a', `KEY_${n}`]).stdout).toBe(`value ${n}`)
})

test('D12: nothing of old values, deleted values and old ciphertext is left in any file', () => {
  using home = new TempHome(SCOPES)
  const oldBlobs: Uint8Array[] = []
  const remember = () => oldBlobs.push(...sealedRows(home).map(({ blob }) => blob.slice(-40)))
  home.put('a', 'TOKEN', 'first-canary-value')
  home.put('b', 'TOKEN', 'second-canary-value')
  remember()
  home.put('a', 'TOKEN', 'third-canary-value')
  remember()
  home.runSync(['secret', 'delete', 'b', 'TOKEN'])
  remember()
  expect(home.runSync(['rotate-key']).exitCode).toBe(0)

  const current = new Set(sealedRows(home).map(({ blob }) => Buffer.from(blob.slice(-40)).toString('hex')))
  for (const value of ['first', 'second', 'third'])
    expect(filesHolding(home.path, `${value}-canary-value`)).toEqual([])
  for (const blob of oldBlobs) {
    if (!current.has(Buffer.from(blob).toString('hex'))) expect(filesHolding(home.path, blob)).toEqual([])
  }
  expect(home.runSync(['secret', 'get', 'a', 'TOKEN']).stdout).toBe('third-canary-value')
})

test('a copy of the whole home works elsewhere, also under another name', () => {
  using home = new TempHome(SCOPES)
  home.put('a', 'TOKEN', 'moved')
  const elsewhere = join(home.folder, 'copy')
  mkdirSync(elsewhere, 0o700)
  for (const name of ['age.key', 'mcplexer.db', 'mcplexer.yaml'])
    copyFileSync(home.file(name), join(elsewhere, name))
  chmodSync(join(elsewhere, 'age.key'), 0o600)

  expect(home.runSync(['secret', 'get', 'a', 'TOKEN'], { env: { MCPLEXER_HOME: elsewhere } }).stdout).toBe(
    'moved',
  )
})

test('databases and key are found where the variables put them', () => {
  using home = new TempHome()
  const env = {
    MCPLEXER_DB_DSN: `file:${home.folder}/elsewhere/v.db`,
    MCPLEXER_AGE_KEY: `${home.folder}/keys/my.key`,
    MCPLEXER_CONFIG: `${home.folder}/team.yaml`,
  }
  writeFileSync(env.MCPLEXER_CONFIG, SCOPES)

  expect(home.runSync(['secret', 'put', 'a', 'K'], { env, stdin: 'v' }).exitCode).toBe(0)

  expect(existsSync(`${home.folder}/elsewhere/v.db`)).toBe(true)
  expect(existsSync(env.MCPLEXER_AGE_KEY)).toBe(true)
  expect(home.runSync(['secret', 'get', 'a', 'K'], { env }).stdout).toBe('v')
})

test('HOME unset: the account’s own folder, or a clear error, never the root of the disk', () => {
  using home = new TempHome(SCOPES)
  home.put('a', 'K', 'v')

  const { exitCode, stdout } = Bun.spawnSync([BINARY, 'secret', 'get', 'a', 'K'], {
    env: { MCPLEXER_HOME: home.path },
  })

  expect({ exitCode, stdout: stdout.toString() }).toEqual({ exitCode: 0, stdout: 'v' })
})
