import { expect, test } from 'bun:test'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { configOf } from '../helpers/fixtures.ts'
import { RawClient } from '../helpers/mcp-client.ts'
import { BINARY, TempHome } from '../helpers/temp-home.ts'

const strace = Bun.which('strace')

/** What a hostile repository could hold; each piece writes `pwned` when it is run. */
function hostileFolder(home: TempHome): string {
  const folder = join(home.folder, 'project')
  const planted = `require('fs').appendFileSync(${JSON.stringify(join(folder, 'pwned'))}, 'x')\n`
  for (const name of ['yaml', 'kysely', 'age-encryption', 'planted-server']) {
    const place = join(folder, 'node_modules', name)
    mkdirSync(place, { recursive: true })
    writeFileSync(
      join(place, 'package.json'),
      JSON.stringify({ name, version: '1.0.0', main: 'index.js', bin: 'index.js' }),
    )
    writeFileSync(join(place, 'index.js'), `#!/usr/bin/env node\n${planted}`, { mode: 0o755 })
  }
  mkdirSync(join(folder, 'node_modules/.bin'))
  writeFileSync(join(folder, 'node_modules/.bin/planted-server'), `#!/usr/bin/env node\n${planted}`, {
    mode: 0o755,
  })
  writeFileSync(join(folder, 'preload.js'), planted)
  writeFileSync(join(folder, '.env'), `MCPLEXER_AGE_KEY=${folder}/stolen.key\nMCPLEXER_HOME=${folder}\n`)
  writeFileSync(join(folder, 'bunfig.toml'), 'preload = ["./preload.js"]\n')
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: { paths: { yaml: ['./preload.js'] } } }),
  )
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'x', imports: { '#x': './preload.js' } }))
  return folder
}

test('D1: nothing of the folder that mcplexer is started in is read or run', () => {
  using home = new TempHome('auth_scopes: [{ id: a }]')
  const cwd = hostileFolder(home)

  expect(home.runSync(['secret', 'put', 'a', 'K'], { cwd, stdin: 'v' }).exitCode).toBe(0)
  expect(home.runSync(['secret', 'get', 'a', 'K'], { cwd }).stdout).toBe('v')
  expect(home.runSync(['config', 'check'], { cwd }).exitCode).toBe(0)

  expect(existsSync(join(cwd, 'pwned'))).toBe(false)
  expect(existsSync(join(cwd, 'stolen.key'))).toBe(false)
})

test.skipIf(strace === null)('D1: the kernel saw no file opened there', () => {
  using home = new TempHome('auth_scopes: [{ id: a }]')
  const cwd = hostileFolder(home)
  const trace = join(home.folder, 'trace')

  const command = ['strace', '-f', '-e', 'trace=open,openat,execve', '-o', trace, BINARY, 'secret', 'list']
  expect(Bun.spawnSync(command, { env: home.env, cwd }).exitCode).toBe(0)

  const seen = readFileSync(trace, 'utf8').split('\n')
  const opened = seen.filter(
    (line) =>
      line.includes(cwd) || /"(\.env|bunfig\.toml|tsconfig\.json|package\.json|node_modules)/.test(line),
  )
  expect(seen.filter((line) => line.includes(home.file('mcplexer.yaml')))).not.toEqual([])
  expect(opened).toEqual([])
})

test('D1: a server started by npx does not run what the folder has planted under its name', async () => {
  using home = new TempHome(
    JSON.stringify({
      downstream_servers: [{ id: 'planted', command: 'npx', args: ['-y', '--offline', 'planted-server'] }],
    }),
  )
  const cwd = hostileFolder(home)
  await using client = await RawClient.start(home, {}, { cwd })

  // it looked for the program where programs come from
  expect(await client.callText('planted__x')).toContain('ENOTCACHED')
  expect(existsSync(join(cwd, 'pwned'))).toBe(false)
})

test('a relative entry of PATH runs no program of the folder', async () => {
  using home = new TempHome(configOf([]))
  const cwd = hostileFolder(home)
  writeFileSync(join(cwd, 'tool'), '#!/bin/sh\necho x >> pwned\n', { mode: 0o755 })
  home.writeConfig('downstream_servers: [{ id: t, command: tool }]')

  const { stderr } = home.runSync(['tools', 'list'], { cwd, env: { PATH: `.::${process.env['PATH']}` } })

  expect(stderr).toContain('command tool was not found')
  expect(existsSync(join(cwd, 'pwned'))).toBe(false)
})

test('version names the program, its commit and its runtime', () => {
  using home = new TempHome()

  expect(home.runSync(['--version']).stdout).toMatch(/^mcplexer \d+\.\d+\.\d+\S* \(bun \d/)
})
