import { watch } from 'node:fs'
import { digestOf, isMcplexerError } from '../base/index.ts'
import type { Config } from './config.ts'
import { parseConfig, readConfigFile } from './load.ts'
import { WatchedFolders, type WatchFolder } from './watched-folders.ts'

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

/**
 * Tells of every new valid content of the file, and once of each invalid one by its error; the caller keeps the old
 * configuration then. Never throws. Where nobody tells of changes it looks at regular intervals, and also whether the
 * folders are still those that it watches: a branch of a repository that lacks the folder takes it away.
 */
export function watchConfig(
  current: Pick<Config, 'path' | 'digest'>,
  listeners: ConfigListeners,
  { watchFolder = watch, pollMs = POLL_MS }: { watchFolder?: WatchFolder; pollMs?: number } = {},
): ConfigWatch {
  const follower = new ConfigFollower(current, listeners)
  const folders = new WatchedFolders(current.path, watchFolder, () => lookSoon())
  let timer: Timer | undefined
  const lookNow = (): void => {
    folders.watch()
    follower.look()
  }
  const lookSoon = (): void => {
    clearTimeout(timer)
    timer = setTimeout(lookNow, SETTLE_MS)
  }
  const poll = setInterval(() => folders.areBlind && lookNow(), pollMs).unref()
  folders.watch()
  // the file may have changed between the read of `current` and now
  lookSoon()
  return {
    close: () => {
      clearTimeout(timer)
      clearInterval(poll)
      follower.close()
      folders.close()
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
