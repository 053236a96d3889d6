import { type FSWatcher, realpathSync, watch } from 'node:fs'
import { basename, dirname } from 'node:path'
import { isMcplexerError } from '../base/index.ts'
import { loadConfig } from './load.ts'
import type { Config } from './schema.ts'

/** Editors write in several steps: wait for the last. */
const SETTLE_MS = 50

export interface ConfigWatch {
  close(): void
}

/**
 * Tells of every new valid content of the file, and of an invalid one by its error; the caller keeps the old
 * configuration then. It watches the folder, as editors put a new file in the place of the old one.
 */
export function watchConfig(
  current: Pick<Config, 'path' | 'digest'>,
  listeners: { onChange(config: Config): void; onError(error: unknown): void },
): ConfigWatch {
  let digest = current.digest
  let timer: Timer | undefined
  let lastError = ''
  const look = async (): Promise<void> => {
    try {
      const config = await loadConfig(current.path)
      lastError = ''
      if (config.digest === digest) return
      digest = config.digest
      listeners.onChange(config)
    } catch (error) {
      const message = isMcplexerError(error) ? error.message : 'unexpected'
      if (message === lastError) return
      lastError = message
      listeners.onError(error)
    }
  }
  const soon = (): void => {
    clearTimeout(timer)
    timer = setTimeout(() => void look(), SETTLE_MS)
  }
  const watchers = placesOf(current.path).map((place) => watchPlace(place, soon, listeners.onError))
  return {
    close: () => {
      clearTimeout(timer)
      for (const watcher of watchers) watcher.close()
    },
  }
}

/** The file, and what it points to when it is a link, as those who keep their settings in git have it. */
function placesOf(path: string): string[] {
  try {
    return [...new Set([path, realpathSync(path)])]
  } catch {
    return [path]
  }
}

function watchPlace(path: string, onChange: () => void, onError: (error: unknown) => void): FSWatcher {
  const name = basename(path)
  const watcher = watch(dirname(path), (_event, changed) => {
    if (changed === null || changed === name) onChange()
  })
  watcher.on('error', onError)
  watcher.unref()
  return watcher
}
