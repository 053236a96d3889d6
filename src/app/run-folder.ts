import { lstatSync } from 'node:fs'
import { dirname } from 'node:path'
import { ensurePrivateFolder, McplexerError, type Paths } from '../base/index.ts'

/** The folder of our sockets, made when it is missing. Throws DAEMON_FOLDER_UNSAFE when others can reach into it. */
export function runFolder({ socket }: Paths): string {
  const folder = dirname(socket)
  ensurePrivateFolder(folder)
  const { mode, uid } = lstatSync(folder)
  if (process.platform === 'win32' || (uid === process.getuid?.() && (mode & 0o077) === 0)) return folder
  throw new McplexerError('DAEMON_FOLDER_UNSAFE', `other users can reach into ${folder}`, {
    hint: `chmod 700 '${folder}'`,
  })
}
