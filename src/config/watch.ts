import { type FSWatcher, realpathSync, statSync, watch } from 'node:fs'
import { basename, dirname } from 'node:path'
import { digestOf, isMcplexerError } from '../base/index.ts'
import type { Config } from './config.ts'
import { parseConfig, readConfigFile } from './load.ts'

/** Editors write in several steps: wait for the last. */
const SETTLE_MS = 50
/** For what the system tells nobody: it cannot watch, or the folder has gone and another took its place. */
const POLL_MS = 2000

interface ConfigWatch {
  close(): void
}

interface ConfigListeners {
  onChange(config: Config): void
  onError(error: unknown): void
}

interface WatchedFolder {
  /** Which one it was; null when nobody tells of its changes. */
  readonly identity: string | null
  readonly watcher: FSWatcher | null
}

type WatchFolder = (folder: string, onEvent: (event: string, changed: string | null) => void) => FSWatcher

/**
 * Tells of every new valid content of the file, and once of each invalid one by its error; the caller keeps the old
 * configuration then. It watches folders, as editors put a new file in the place of the old one: that of the path
 * and, behind a symlink, that of the file itself. Never throws; looks at regular intervals where it cannot watch, and
 * whether the folders are still those that it watches: a branch that lacks the folder takes it away.
 */
export function watchConfig(
  current: Pick<Config, 'path' | 'digest'>,
  listeners: ConfigListeners,
  { watchFolder = watch, pollMs = POLL_MS }: { watchFolder?: WatchFolder; pollMs?: number } = {},
): ConfigWatch {
  const follower = new ConfigFollower(current, listeners)
  const watched = new Map<string, WatchedFolder>()
  let timer: Timer | undefined
  const lookNow = (): void => {
    watchFolders()
    follower.look()
  }
  const look = (): void => {
    clearTimeout(timer)
    timer = setTimeout(lookNow, SETTLE_MS)
  }
  const watchOne = (folder: string, names: ReadonlySet<string>): WatchedFolder => {
    const identity = identityOf(folder)
    try {
      const watcher = watchFolder(folder, (_event, changed) => {
        if (changed === null || names.has(changed)) look()
      })
      watcher.on('error', () => watched.set(folder, { identity: null, watcher }))
      return { identity, watcher: watcher.unref() }
    } catch {
      return { identity: null, watcher: null }
    }
  }
  /** Again at each look: a symlink may lead to another folder by then. */
  const watchFolders = (): void => {
    const files = [current.path, behindLinks(current.path)]
    const names = new Set(files.map((file) => basename(file)))
    for (const folder of new Set(files.map((file) => dirname(file)))) {
      const before = watched.get(folder)
      if (before !== undefined && !isBlind(folder, before)) continue
      before?.watcher?.close()
      watched.set(folder, watchOne(folder, names))
    }
  }
  const poll = setInterval(() => {
    if ([...watched].some(([folder, one]) => isBlind(folder, one))) lookNow()
  }, pollMs).unref()
  watchFolders()
  // the file may have changed between the read of `current` and now
  look()
  return {
    close: () => {
      clearTimeout(timer)
      clearInterval(poll)
      follower.close()
      for (const { watcher } of watched.values()) watcher?.close()
    },
  }
}

/** Compares digests first, so that a look at an unchanged file parses nothing; one look at a time, in order. */
class ConfigFollower {
  readonly #path: string
  readonly #listeners: ConfigListeners
  #inForce: string
  #seen: string
  #queue: Promise<void> = Promise.resolve()
  #isClosed = false

  constructor({ path, digest }: Pick<Config, 'path' | 'digest'>, listeners: ConfigListeners) {
    this.#path = path
    this.#listeners = listeners
    this.#inForce = digest
    this.#seen = digest
  }

  look(): void {
    this.#queue = this.#queue.then(() => this.#look())
  }

  close(): void {
    this.#isClosed = true
  }

  async #look(): Promise<void> {
    let seen = ''
    try {
      const bytes = await readConfigFile(this.#path)
      seen = digestOf(bytes)
      if (this.#isClosed || seen === this.#seen) return
      const config = parseConfig(bytes, this.#path)
      this.#seen = seen
      if (seen === this.#inForce) return
      this.#inForce = seen
      this.#listeners.onChange(config)
    } catch (error) {
      // a file that cannot be read has no digest; its error code stands for it
      const failure = seen || (isMcplexerError(error) ? error.code : 'unexpected')
      if (this.#isClosed || failure === this.#seen) return
      this.#seen = failure
      this.#listeners.onError(error)
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
