import { type FSWatcher, realpathSync, statSync } from 'node:fs'
import { basename, dirname } from 'node:path'

/** As `watch` of node:fs. */
export type WatchFolder = (
  folder: string,
  onEvent: (event: string, changed: string | null) => void,
) => FSWatcher

interface WatchedFolder {
  /** Which one it was; null when nobody tells of its changes. */
  readonly identity: string | null
  readonly watcher: FSWatcher | null
}

/**
 * The folders in which a file can change: that of its path and, behind a symlink, that of the file itself. They are
 * watched and not the file, as editors put a new file in the place of the old one.
 */
export class WatchedFolders {
  readonly #path: string
  readonly #watchFolder: WatchFolder
  /** Something has happened to the file, or may have. */
  readonly #onEvent: () => void
  readonly #watched = new Map<string, WatchedFolder>()

  constructor(path: string, watchFolder: WatchFolder, onEvent: () => void) {
    this.#path = path
    this.#watchFolder = watchFolder
    this.#onEvent = onEvent
  }

  /** Some change would not be told: a folder cannot be watched, or another has taken its place. */
  get areBlind(): boolean {
    return [...this.#watched].some(([folder, one]) => isBlind(folder, one))
  }

  /** Watches those that are not watched yet. To be called at each look: a symlink may lead elsewhere by then. */
  watch(): void {
    const files = [this.#path, behindLinks(this.#path)]
    const names = new Set(files.map((file) => basename(file)))
    for (const folder of new Set(files.map((file) => dirname(file)))) {
      const before = this.#watched.get(folder)
      if (before !== undefined && !isBlind(folder, before)) continue
      before?.watcher?.close()
      this.#watched.set(folder, this.#watchOne(folder, names))
    }
  }

  close(): void {
    for (const { watcher } of this.#watched.values()) watcher?.close()
  }

  #watchOne(folder: string, names: ReadonlySet<string>): WatchedFolder {
    const identity = identityOf(folder)
    try {
      const watcher = this.#watchFolder(folder, (_event, changed) => {
        if (changed === null || names.has(changed)) this.#onEvent()
      })
      watcher.on('error', () => this.#watched.set(folder, { identity: null, watcher }))
      return { identity, watcher: watcher.unref() }
    } catch {
      return { identity: null, watcher: null }
    }
  }
}

function isBlind(folder: string, { identity }: WatchedFolder): boolean {
  return identity === null || identity !== identityOf(folder)
}

/** A new folder may get the number of the one that has gone, but not its birth. Null when there is none. */
function identityOf(folder: string): string | null {
  try {
    const { dev, ino, birthtimeMs } = statSync(folder)
    return `${dev} ${ino} ${birthtimeMs}`
  } catch {
    return null
  }
}

function behindLinks(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}
