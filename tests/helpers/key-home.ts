import { configOf } from './fixtures.ts'
import { withPassphrase } from './passphrase.ts'
import { BINARY, type Run, TempHome } from './temp-home.ts'

export const PASSPHRASE = 'correct horse battery staple'
const CONFIG = configOf(
  [{ id: 'one', more: { auth_scope: 'a' } }],
  [{ id: 'a', keys: [{ name: 'TOKEN', public: true }] }],
)

/** A home with one value, whose commands can be given a passphrase. */
export class KeyHome extends TempHome {
  constructor() {
    super(CONFIG)
    this.put('a', 'TOKEN', 'the-token-itself')
  }

  /** What stands `before` the program runs it. */
  withPassphrase(
    args: readonly string[],
    passphrase = PASSPHRASE,
    before: readonly string[] = [],
  ): Omit<Run, 'stdoutBytes'> {
    const { exitCode, stdout, stderr } = Bun.spawnSync({
      ...withPassphrase(this, passphrase, [...before, BINARY, ...args]),
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'pipe',
    })
    return { exitCode, stdout: stdout.toString(), stderr: stderr.toString() }
  }
}
