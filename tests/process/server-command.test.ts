import { describe, expect, test } from 'bun:test'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { RawClient, textOf } from '../helpers/mcp-client.ts'
import { BINARY, TempHome } from '../helpers/temp-home.ts'

describe('a command that is not there, or cannot be run', () => {
  test('a command that is not there is named, with what to do', async () => {
    using home = new TempHome('downstream_servers: [{ id: gone, command: no-such-program-here }]')
    await using client = await RawClient.start(home)

    expect(textOf(await client.call('gone__x'))).toContain('command no-such-program-here was not found')
  })

  test('a path with arguments behind it gets its own hint', () => {
    using home = new TempHome('downstream_servers: [{ id: gone, command: /usr/bin/node server.js }]')
    const { stderr } = home.runSync(['tools', 'call', 'gone__x'])

    expect(stderr).toContain('arguments under `args`')
  })

  test.each([
    ['/etc/passwd', "/etc/passwd is no program that can be run\nmcplexer: hint: ls -ld '/etc/passwd'\n"],
    ['/no/such', 'command /no/such was not found\nmcplexer: hint: install /no/such\n'],
  ])('a path that leads to no program (%s) is not looked for in PATH', (command, said) => {
    using home = new TempHome(`downstream_servers: [{ id: odd, command: ${command} }]`)

    expect(home.runSync(['tools', 'call', 'odd__x']).stderr).toContain(`server odd: ${said}`)
  })

  test.skipIf(!existsSync('/usr/bin/bwrap'))('a strict shield that hides the script is said to', () => {
    using home = new TempHome()
    const script = join(home.folder, 'server.js')
    writeFileSync(script, '')
    const server = { id: 'one', command: process.execPath, args: [script], shield: 'strict' }
    home.writeConfig(JSON.stringify({ downstream_servers: [server] }))
    const { stderr } = home.runSync(['tools', 'list'])

    expect(stderr).toContain('`readable`')
  })
})

test('a program in a folder that is hidden from servers is refused, with what to do', async () => {
  using home = new TempHome()
  writeFileSync(home.file('run.sh'), '#!/bin/sh\n', { mode: 0o755 })
  home.writeConfig(JSON.stringify({ downstream_servers: [{ id: 'one', command: './run.sh' }] }))
  await using client = await RawClient.start(home)

  await client.request('tools/list')

  await client.stderrHas('which is hidden from servers')
})

test('a relative command starts at the folder of the file, cwd defaults to home, `client` is the client’s folder', async () => {
  using home = new TempHome()
  const project = join(home.folder, 'project')
  mkdirSync(project)
  writeFileSync(join(project, 'run.sh'), `#!/bin/sh\nexec ${process.execPath} "$@"\n`, { mode: 0o755 })
  const script = `${import.meta.dir}/../fixtures/servers/general.ts`
  const config = join(project, 'team.yaml')
  writeFileSync(
    config,
    JSON.stringify({
      downstream_servers: [
        { id: 'home', command: './run.sh', args: [script] },
        { id: 'client', command: './run.sh', args: [script], cwd: 'client' },
      ],
    }),
  )
  await using client = await RawClient.start(home, {}, { command: [BINARY, 'serve', '--config', config] })

  expect(JSON.parse(await client.callText('home__environment')).cwd).toBe(process.env['HOME'])
  expect(JSON.parse(await client.callText('client__environment')).cwd).toBe(home.folder)
})
