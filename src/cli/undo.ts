import { existsSync, rmdirSync, unlinkSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Remembers which of the files, and of the folders above them, are not there yet. The function that it gives takes
 * those away again; folders only when they are empty. It never throws: what cannot be taken away stays.
 */
export function undoing(files: readonly string[]): () => void {
  const newFiles = files.filter((path) => !existsSync(path))
  const newFolders = [...new Set(files.flatMap(foldersAbove))].filter((path) => !existsSync(path))
  // the deepest first
  const ordered = newFolders.toSorted((a, b) => b.length - a.length)
  return () => {
    for (const path of newFiles) quietly(() => unlinkSync(path))
    for (const path of ordered) quietly(() => rmdirSync(path))
  }
}

function foldersAbove(path: string): string[] {
  const folder = dirname(path)
  return folder === path ? [] : [folder, ...foldersAbove(folder)]
}

function quietly(work: () => void): void {
  try {
    work()
  } catch {
    // it is not there, or not empty
  }
}
