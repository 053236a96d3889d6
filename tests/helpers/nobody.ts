import { chmodSync, existsSync } from 'node:fs'
import type { TempHome } from './temp-home.ts'

export const NOBODY = '65534'
export const isRoot = process.getuid?.() === 0
export const hasBwrap = existsSync('/usr/bin/bwrap')
/** Before a command: as an unprivileged user, who can get no rights back. */
export const AS_NOBODY = [
  'setpriv',
  `--reuid=${NOBODY}`,
  `--regid=${NOBODY}`,
  '--clear-groups',
  '--no-new-privs',
]
/** Before a command: in a mount namespace of its own where bubblewrap is no program. Nothing where it is none anyway. */
export const WITHOUT_BWRAP = hasBwrap
  ? ['unshare', '-m', 'sh', '-c', 'mount --bind /dev/null /usr/bin/bwrap && exec "$@"', 'sh']
  : []

export function giveToNobody(home: TempHome): void {
  chmodSync(home.folder, 0o755)
  Bun.spawnSync(['chown', '-R', NOBODY, home.folder])
}
