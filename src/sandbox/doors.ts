import { mkdirSync, statSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { hostEnvironment, userHome } from '../base/index.ts'

/** Below the runtime folder of the user: the service manager, editors, terminals, containers. */
const IN_RUNTIME_FOLDER = ['systemd', 'emacs', 'zellij', 'wezterm', 'kitty', 'podman']

/** What looks up names for whoever asks, as the system's bus does: without a network, a way to the outside. */
const NAME_SERVICES = ['/run/systemd/resolve', '/run/nscd', '/run/avahi-daemon', '/run/dbus']

/**
 * Sockets by which other programs of the user run whatever they are told to, outside of every shield, in their usual
 * places: `folders` that are there, and `files`. Docker's stays: servers are started by it. `withNames`: those too that
 * look up names.
 */
export function doorsToOutside(withNames: boolean): { folders: string[]; files: string[] } {
  const uid = process.getuid?.() ?? 0
  const environment = hostEnvironment()
  const bus = /^unix:path=([^,;]+)\/[^/]+$/.exec(environment['DBUS_SESSION_BUS_ADDRESS'] ?? '')?.[1]
  const runtime = [environment['XDG_RUNTIME_DIR'], `/run/user/${uid}`, bus].filter(
    (folder) => folder !== undefined,
  )
  const folders = [
    tmuxFolder(uid),
    ...['/run/screen', '/tmp/screens', join(userHome(), '.screen')],
    ...[`/tmp/emacs${uid}`, `/tmp/zellij-${uid}`, `/tmp/nvim.${environment['USER'] ?? uid}`],
    ...(withNames ? NAME_SERVICES : []),
    ...runtime.flatMap((folder) => IN_RUNTIME_FOLDER.map((name) => join(folder, name))),
  ]
  const files = runtime.map((folder) => join(folder, 'bus'))
  return {
    folders: [...new Set(folders)].filter((path) => isFolder(path) === true),
    files: [...new Set(files)].filter((path) => isFolder(path) === false),
  }
}

/** Made when it is missing, as tmux would later: what is not there cannot be hidden. */
function tmuxFolder(uid: number): string {
  const moved = hostEnvironment()['TMUX_TMPDIR'] ?? ''
  const folder = join(isAbsolute(moved) ? moved : '/tmp', `tmux-${uid}`)
  try {
    mkdirSync(folder, { mode: 0o700 })
  } catch {
    // it is there, or cannot be made by tmux either
  }
  return folder
}

/** Null: it is not there, or nothing that we can reach. */
function isFolder(path: string): boolean | null {
  try {
    return statSync(path).isDirectory()
  } catch {
    return null
  }
}
