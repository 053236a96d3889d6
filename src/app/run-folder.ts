import { lstatSync } from 'node:fs'
import { dirname } from 'node:path'
import { ensurePrivateFolder, isPrivate, McplexerError, type Paths } from '../base/index.ts'

/** The folder of our sockets, made when it is missing. Throws DAEMON_FOLDER_UNSAFE when others can reach into it. */
export function runFolder({ socket }: Paths): string {
  const folder = dirname(socket)
  ensurePrivateFolder(folder)
  if (isPrivate(lstatSync(folder))) return folder
  throw new McplexerError('DAEMON_FOLDER_UNSAFE', `other users can reach into ${folder}`, {
    hint: `chmod 700 '${folder}'`,
  })
}
