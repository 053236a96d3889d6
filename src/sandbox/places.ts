import { realpathSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative, sep } from 'node:path'
import { SandboxError } from './sandbox-error.ts'

/** The folder as it is without links; one that is not there yet by its closest ancestor that is. */
export function realFolder(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    const parent = dirname(path)
    return parent === path ? path : join(realFolder(parent), relative(parent, path))
  }
}

export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep)
}

/** Without those that lie in another one of them. */
export function outermost(folders: readonly string[]): string[] {
  const distinct = [...new Set(folders)]
  return distinct.filter((path) => !distinct.some((other) => other !== path && isWithin(path, other)))
}

/**
 * A server needs its home, the folder for temporary files, the one it runs in and its program: with a key or a
 * database right beside them nothing can be hidden. Throws SHIELD_IMPOSSIBLE.
 */
export function checkHideable(
  hidden: readonly string[],
  { home, folder, executable }: { home: string; folder: string; executable: string },
): void {
  const place = hidden.find((each) => isWithin(realFolder(executable), each))
  if (place !== undefined) {
    throw new SandboxError(
      'SHIELD_IMPOSSIBLE',
      `${executable} lies in ${place}, which is hidden from servers`,
      {
        hint: 'move the program somewhere else, or set `shield: off` for the server',
      },
    )
  }
  for (const place of hidden) {
    const inTheWay = [home, realFolder(tmpdir()), realFolder(folder), '/tmp', '/'].find((path) =>
      isWithin(path, place),
    )
    if (inTheWay === undefined) continue
    throw new SandboxError(
      'SHIELD_IMPOSSIBLE',
      `${place} cannot be hidden from servers: ${inTheWay} is needed by them`,
      {
        hint: 'move key file and databases into a folder of their own (MCPLEXER_HOME, MCPLEXER_AGE_KEY, MCPLEXER_DB_DSN), or set `shield: off` for the server',
      },
    )
  }
}
