import { expect, test } from 'bun:test'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { configOf } from '../helpers/fixtures.ts'
import { RawClient, textOf } from '../helpers/mcp-client.ts'
import { BINARY, TempHome } from '../helpers/temp-home.ts'

const VALUE = 'the-token-itself'

/** A home, and the configuration of a team in a folder of its own. */
function teamHome(): { home: TempHome; config: string } {
  const home = new TempHome('auth_scopes:\n')
  const config = join(home.folder, "team's tools", 'mcplexer.yaml')
  mkdirSync(dirname(config))
  writeFileSync(
    config,
    configOf([{ id: 'one', more: { auth_scope: 'gh' } }], [{ id: 'gh', keys: [{ name: 'TOKEN' }] }]),
  )
  return { home, config }
}

/** In a shell of the user that has nothing of the client's environment. */
function paste(home: TempHome, command: string) {
  return Bun.spawnSync(['sh', '-c', command], {
    stdin: Buffer.from(VALUE),
    env: { ...home.env, PATH: `${dirname(BINARY)}:${home.env['PATH']}` },
    cwd: home.folder,
  })
}

test('what status says to type can be pasted, also when --config named another file', () => {
  const { home, config } = teamHome()
  using _ = home

  const [command = ''] = home.runSync(['status', '--config', config]).stdout.match(/^mcplexer .*TOKEN$/m) ?? []

  expect(paste(home, command).exitCode).toBe(0)
  expect(home.runSync(['status', '--config', config]).stdout).toContain('nothing is missing')
})

test('so can what serve says to a client and on stderr, also when the client moves the file by its environment', async () => {
  const { home, config } = teamHome()
  using _ = home
  await using client = await RawClient.start(home, {}, { env: { MCPLEXER_CONFIG: config } })

  await client.request('tools/list')
  const refusal = textOf(await client.call('one__environment'))

  const command = refusal.split('hint: ')[1] ?? ''
  expect(await client.stderrHas(command)).toBe(true)
  expect(paste(home, command).exitCode).toBe(0)
  expect(home.runSync(['tools', 'list', '--refresh', '--config', config]).stdout).toContain('one__environment')
})

test('so can what a result on stdout names', () => {
  const { home, config } = teamHome()
  using _ = home

  const { stdout } = home.runSync(['daemon', 'status', '--config', config])

  expect(stdout).toContain("team'\\''s tools/mcplexer.yaml' serve --daemon` starts one")
})

test('a file that is missing is made where the client looks for it', async () => {
  const { home, config } = teamHome()
  using _ = home
  rmSync(config)
  await using client = await RawClient.start(home, {}, { env: { MCPLEXER_CONFIG: config } })

  const { error } = await client.request('tools/list')

  expect(paste(home, error?.message.split('hint: ')[1] ?? '').exitCode).toBe(0)
  expect(existsSync(config)).toBe(true)
})

test('init goes on from what is in the file, where there was one', () => {
  const { home, config } = teamHome()
  using _ = home

  const { stderr } = home.runSync(['init', '--config', config])

  const [command = ''] = /mcplexer --config .* status$/m.exec(stderr) ?? []
  expect(paste(home, command).stdout.toString()).toContain('secret put gh TOKEN')
  expect(home.runSync(['init', '--config', join(home.folder, 'new.yaml')]).stderr).toContain(
    '1. write servers and auth scopes into the configuration',
  )
})

test('in the home no file is named', () => {
  using home = new TempHome('auth_scopes: [{ id: gh, keys: [{ name: TOKEN }] }]\n')

  const { stdout } = home.runSync(['status', '--config', home.file('mcplexer.yaml')])

  expect(stdout).toMatch(/^mcplexer secret put gh TOKEN$/m)
})
