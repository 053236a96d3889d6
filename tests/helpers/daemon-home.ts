import { configOf, UNSHIELDED } from './fixtures.ts'
import { RawClient } from './mcp-client.ts'
import { BINARY, TempHome } from './temp-home.ts'

/** A home whose daemon, if there is one, ends with it. */
export class DaemonHome extends TempHome {
  constructor(config = configOf([{ id: 'one', more: UNSHIELDED }])) {
    super(config)
  }

  get status(): { running: boolean; pid: number; sessions: number } {
    return JSON.parse(this.runSync(['daemon', 'status', '--json']).stdout)
  }

  override [Symbol.dispose](): void {
    this.runSync(['daemon', 'stop'])
    super[Symbol.dispose]()
  }
}

/** A client of the daemon, which is started if there is none. */
export function connect(home: TempHome, cwd = home.folder): Promise<RawClient> {
  return RawClient.start(home, {}, { command: [BINARY, 'connect'], cwd })
}
