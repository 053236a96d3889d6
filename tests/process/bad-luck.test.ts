import { Database } from 'bun:sqlite'
import { expect, test } from 'bun:test'
import { chmodSync } from 'node:fs'
import { resolvePaths, Secret } from '../../src/base/index.ts'
import { openVault } from '../../src/vault/index.ts'
import { TempHome } from '../helpers/temp-home.ts'

test('a vault that another program has locked is waited for, and the user is told', async () => {
  using home = new TempHome('auth_scopes: [{ id: a }]')
  home.put('a', 'K', 'v')
  const locker = new Database(home.file('mcplexer.db'))
  locker.run('begin exclusive')
  const child = Bun.spawn([`${import.meta.dir}/../../dist/mcplexer`, 'secret', 'get', 'a', 'K'], {
    env: home.env,
    stdout: 'pipe',
    stderr: 'pipe',
  })

  const { value } = await child.stderr.getReader().read()
  locker.run('commit')
  locker.close()

  expect(new TextDecoder().decode(value)).toContain('waiting for another mcplexer')
  expect(await new Response(child.stdout).text()).toBe('v')
})

test('with a clock that goes backwards nothing is lost, and the generation still grows', async () => {
  using home = new TempHome('auth_scopes: [{ id: a }]')
  const paths = resolvePaths(undefined, { HOME: home.folder, MCPLEXER_HOME: home.path })
  let nowMs = Date.now() + 86_400_000
  const vault = openVault({ paths, clock: { nowMs: () => nowMs, sleep: Bun.sleep } })

  await vault.put('a', 'K', Secret.fromText('first'))
  const before = (await vault.open('a'))?.generation ?? 0
  nowMs -= 10 * 86_400_000
  await vault.put('a', 'K', Secret.fromText('second'))
  const after = (await vault.open('a'))?.generation ?? 0
  await vault.rotate({ isDryRun: false, isPostQuantum: false, keepOldFile: null })
  await vault.close()

  expect(after).toBeGreaterThan(before)
  expect(home.runSync(['secret', 'get', 'a', 'K']).stdout).toBe('second')
  expect(home.runSync(['secret', 'list']).exitCode).toBe(0)
})

test('a configuration that everybody can write to is refused, with the command that mends it', () => {
  using home = new TempHome('auth_scopes: [{ id: a }]')
  chmodSync(home.file('mcplexer.yaml'), 0o666)

  const { exitCode, stderr } = home.runSync(['tools', 'list'])

  expect(exitCode).toBe(1)
  expect(stderr).toContain(`hint: chmod o-w '${home.file('mcplexer.yaml')}'`)
})
