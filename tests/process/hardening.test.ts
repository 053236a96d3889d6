import { describe, expect, test } from 'bun:test'
import { chmodSync, readFileSync, statSync } from 'node:fs'
import { configOf } from '../helpers/fixtures.ts'
import { RawClient } from '../helpers/mcp-client.ts'
import { eventually } from '../helpers/processes.ts'
import { BINARY, TempHome } from '../helpers/temp-home.ts'

const isRoot = process.getuid?.() === 0
const NOBODY = '65534'

describe('the gateway’s own process', () => {
  test('leaves no core file', async () => {
    using home = new TempHome(configOf([{ id: 'one' }]))
    await using client = await RawClient.start(home)
    await client.callText('one__echo', { message: 'running' })

    expect(readFileSync(`/proc/${client.process.pid}/limits`, 'utf8')).toMatch(/Max core file size\s+0\s+0/)
  })

  test.skipIf(!isRoot)('cannot be read by other processes of the same user', async () => {
    using home = new TempHome(configOf([{ id: 'one' }]))
    chmodSync(home.folder, 0o755)
    Bun.spawnSync(['chown', '-R', NOBODY, home.path])
    const command = ['setpriv', `--reuid=${NOBODY}`, '--clear-groups', BINARY, 'serve']
    await using client = await RawClient.start(home, {}, { command, env: { HOME: home.path } })
    const { pid } = client.process

    // the kernel gives what is not dumpable to root
    await eventually(() => statSync(`/proc/${pid}/environ`).uid === 0, 'it is root’s')
    const thief = Bun.spawnSync(
      ['setpriv', `--reuid=${NOBODY}`, '--clear-groups', 'cat', `/proc/${pid}/environ`],
      { stderr: 'pipe' },
    )

    expect(thief.exitCode).not.toBe(0)
    expect(thief.stdout.length).toBe(0)
  })

  test.each([
    ['NODE_TLS_REJECT_UNAUTHORIZED', '0'],
    ['BUN_CONFIG_VERBOSE_FETCH', 'curl'],
  ])('says that %s is set, and passes it to no server', (name, value) => {
    using home = new TempHome(configOf([{ id: 'one' }]))

    const { stdout, stderr } = home.runSync(['tools', 'call', 'one__environment'], { env: { [name]: value } })

    expect(stderr).toContain(`${name} is set`)
    expect(stdout).not.toContain(name)
  })
})
