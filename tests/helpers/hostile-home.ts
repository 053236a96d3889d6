import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { configOf } from './fixtures.ts'
import { RawClient } from './mcp-client.ts'
import { AS_NOBODY, giveToNobody, NOBODY } from './nobody.ts'
import { BINARY, TempHome } from './temp-home.ts'

export const OTHER_TOKEN = `sibling-${crypto.randomUUID()}`

/** A home of an unprivileged user, with a hostile server and one that has a secret. */
export function hostileHome(more: Record<string, unknown>, top: object = {}): TempHome {
  const home = new TempHome()
  const places = {
    mcplexer: home.path,
    config: home.file('mcplexer.yaml'),
    user: home.folder,
    wanted: OTHER_TOKEN,
    marker: join(home.folder, 'shared', 'marker'),
    tmux: join(home.folder, `tmux-${NOBODY}`, 'default'),
  }
  mkdirSync(join(home.folder, 'shared'))
  writeFileSync(join(home.folder, '.other-client.json'), '{"token":"x"}')
  home.writeConfig(
    configOf(
      [
        { id: 'hostile', script: 'hostile', args: [JSON.stringify(places)], more },
        { id: 'other', more: { ...more, auth_scope: 'other' } },
      ],
      [{ id: 'other', keys: [{ name: 'TOKEN', public: true }] }],
      top,
    ),
  )
  home.put('other', 'TOKEN', OTHER_TOKEN)
  home.runSync(['servers', 'review', '--yes'], { env: { HOME: home.folder } })
  giveToNobody(home)
  return home
}

export async function serveAsNobody(home: TempHome, before: readonly string[] = []): Promise<RawClient> {
  const command = [...before, ...AS_NOBODY, BINARY, 'serve']
  const env = { HOME: home.folder, TMUX_TMPDIR: home.folder }
  return RawClient.start(home, {}, { command, env })
}
