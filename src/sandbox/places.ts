import { tmpdir } from 'node:os'
import { sep } from 'node:path'
import { realFolder } from '../base/index.ts'
import { SandboxError } from './sandbox-error.ts'

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
