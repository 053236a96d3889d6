import { describe, expect, test } from 'bun:test'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { RawClient } from '../helpers/mcp-client.ts'
import { AS_NOBODY, giveToNobody, hasBwrap, isRoot, WITHOUT_BWRAP } from '../helpers/nobody.ts'
import { BINARY, ROOT, TempHome } from '../helpers/temp-home.ts'

const CHROMIUM = ['chromium', 'google-chrome'].map((name) => Bun.which(name)).find((path) => path !== null)

interface Shielded {
  readonly name: string
  readonly canRun: boolean
  readonly before?: readonly string[]
  /** Of the server's entry. */
  readonly more?: (home: TempHome) => Record<string, unknown>
}

const SHIELDS: Shielded[] = [
  { name: 'bubblewrap', canRun: hasBwrap },
  {
    name: 'bubblewrap, strict',
    canRun: hasBwrap,
    more: (home) => ({ shield: 'strict', readable: [join(home.folder, 'package.tgz')] }),
  },
  {
    name: 'Landlock',
    canRun: true,
    before: WITHOUT_BWRAP,
    // nothing new can be made beside the folder above a hidden one, and here that is /tmp
    more: (home) => ({ env: { TMPDIR: join(home.folder, 'work') } }),
  },
]

/** The home of an unprivileged user who has never run npx. */
async function start(home: TempHome, { before = [], more = () => ({}) }: Shielded): Promise<RawClient> {
  const packed = join(home.folder, 'package.tgz')
  const sources = join(ROOT, 'tests/fixtures')
  Bun.spawnSync(['tar', '-czf', packed, '-C', sources, '--transform', 's/^npx-server/package/', 'npx-server'])
  mkdirSync(join(home.folder, 'work'))
  const server = {
    id: 'npx',
    command: 'npx',
    args: ['-y', '--package', `file:${packed}`, 'npx-server'],
    ...more(home),
  }
  writeFileSync(home.file('mcplexer.yaml'), JSON.stringify({ downstream_servers: [server] }))
  giveToNobody(home)
  const command = [...before, ...AS_NOBODY, BINARY, 'serve']
  return RawClient.start(home, {}, { command, env: { HOME: home.folder }, cwd: home.folder })
}

const run = (client: RawClient, command: string, ...args: string[]) =>
  client.callText('npx__run', { command, args })

describe.each(SHIELDS)('what servers start keeps working behind $name', (shield) => {
  const canRun = isRoot && shield.canRun

  test.skipIf(!canRun)('npx with a cold cache, and git', async () => {
    using home = new TempHome()
    await using client = await start(home, shield)

    expect(await run(client, 'node', '-p', '1 + 1')).toBe('2\n')
    const repository = ['-C', '.cache/repository', '-c', 'user.name=a', '-c', 'user.email=a@b.c']
    expect(await run(client, 'git', 'init', '-q', '.cache/repository')).toBe('')
    expect(await run(client, 'git', ...repository, 'commit', '-qm', 'x', '--allow-empty')).toBe('')
    expect(await run(client, 'git', ...repository, 'log', '--format=%s')).toBe('x\n')
  })

  test.skipIf(!canRun || CHROMIUM === undefined)('a browser', async () => {
    using home = new TempHome()
    await using client = await start(home, shield)
    const page = 'data:text/html,<p id="a"></p><script>a.textContent = 6 * 7</script>'

    const said = await run(client, CHROMIUM ?? '', '--headless', '--disable-gpu', '--dump-dom', page)

    expect(said).toContain('<p id="a">42</p>')
  })
})
