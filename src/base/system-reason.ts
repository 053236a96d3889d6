/** Of errno(3), those that people meet. */
const WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  ENOTDIR: 'a part of the path is no folder',
  EISDIR: 'it is a folder',
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  ENOSPC: 'no room is left on the disk',
  EDQUOT: 'your disk quota is used up',
  EROFS: 'the disk is read-only',
  ENAMETOOLONG: 'the name is too long',
  ELOOP: 'its links go in a circle',
  EIO: 'the disk has failed',
  EADDRINUSE: 'something else listens there',
}

/** `ENOENT` and the like; null for what is no error of the system. */
export function systemCode(error: unknown): string | null {
  return error instanceof Error && 'code' in error ? String(error.code) : null
}

/** Why the system has refused something, for a person: its code, in words where there are some. */
export function systemReason(error: unknown): string {
  const code = systemCode(error)
  if (code === null) return 'unknown reason'
  const words = WORDS[code]
  return words === undefined ? code : `${words} (${code})`
}
