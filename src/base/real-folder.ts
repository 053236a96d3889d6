import { realpathSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

/** The folder as it is without links; one that is not there yet by its closest ancestor that is. */
export function realFolder(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    const parent = dirname(path)
    return parent === path ? path : join(realFolder(parent), relative(parent, path))
  }
}
