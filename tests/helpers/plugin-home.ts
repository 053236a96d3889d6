import { FixturePlugin } from './age-plugin.ts'
import { configOf } from './fixtures.ts'
import { TempHome } from './temp-home.ts'

export const GET = ['secret', 'get', 'a', 'TOKEN']
export const TOKEN = 'the-token-itself'
const CONFIG = configOf(
  [
    { id: 'one', more: { auth_scope: 'a' } },
    { id: 'two', more: { auth_scope: 'a' } },
  ],
  [{ id: 'a', keys: [{ name: 'TOKEN', public: true }] }],
)

/** A home with one value, and a plugin that can seal its key file. */
export class PluginHome extends TempHome {
  readonly plugin: FixturePlugin

  constructor() {
    super(CONFIG)
    this.put('a', 'TOKEN', TOKEN)
    this.plugin = FixturePlugin.of(this)
  }

  /** With a key file that the plugin has sealed. */
  static protected(): PluginHome {
    const home = new PluginHome()
    const { exitCode, stderr } = home.runSync(protecting(home.plugin), { env: home.plugin.env() })
    if (exitCode !== 0) throw new Error(`protect failed: ${stderr}`)
    return home
  }
}

export const protecting = ({ identityFile }: FixturePlugin): string[] => [
  'key',
  'protect',
  '--with',
  'plugin',
  '--identity',
  identityFile,
]
