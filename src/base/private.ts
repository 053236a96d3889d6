import type { Stats } from 'node:fs'

/** Whether a file or folder is the user's own, and nobody else may do anything with it. On Windows there are no modes. */
export function isPrivate({ uid, mode }: Stats): boolean {
  return process.platform === 'win32' || (uid === process.getuid?.() && (mode & 0o077) === 0)
}
