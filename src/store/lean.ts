/**
 * The light door of store: `serve` reads its stored replies through it before anything else is loaded, so Kysely
 * must not be reachable from here.
 */
import { Database, constants as sqlite } from 'bun:sqlite'
import { ACTIVITY_FILE } from './activity-file.ts'
import { verifySchema } from './sqlite-schema.ts'
import type { Replies } from './stored-replies.ts'

const FIND = `select opening, tools, prompts, resources, templates from stored_replies
  where config_digest = ? and variant = ?`
const NEWLINE = 0x0a

/** Null whenever there is any doubt: then the gateway starts the long way. */
export function readStoredReplies(path: string, configDigest: string, variant: string): Replies | null {
  let database: Database | null = null
  try {
    database = new Database(path, sqlite.SQLITE_OPEN_READWRITE | sqlite.SQLITE_OPEN_NOFOLLOW)
    for (const pragma of ['trusted_schema = OFF', 'cell_size_check = ON']) database.run(`PRAGMA ${pragma}`)
    // a planted view could run for ever
    verifySchema(database, path, ACTIVITY_FILE)
    const found = database.query<Replies, [string, string]>(FIND).get(configDigest, variant)
    return found !== null && isUsable(found) ? found : null
  } catch {
    return null
  } finally {
    database?.close()
  }
}

/** The lists go into a line of the protocol as they are. Throws when one is no JSON. */
function isUsable({ opening, tools, prompts, resources, templates }: Replies): boolean {
  JSON.parse(opening)
  return [tools, prompts, resources, templates].every(
    (list) => !list.includes(NEWLINE) && typeof JSON.parse(new TextDecoder().decode(list)) === 'object',
  )
}
