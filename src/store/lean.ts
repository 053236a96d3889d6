/**
 * The light door of store: `serve` reads its stored replies through it before anything else is loaded, so Kysely
 * must not be reachable from here.
 */
import { Database, constants as sqlite } from 'bun:sqlite'

const FIND = 'select tools, instructions from stored_replies where config_digest = ? and variant = ?'

/** Null whenever there is any doubt: then the gateway starts the long way. */
export function readStoredReplies(
  path: string,
  configDigest: string,
  variant: string,
): { tools: Uint8Array; instructions: string } | null {
  let database: Database | null = null
  try {
    database = new Database(path, sqlite.SQLITE_OPEN_READWRITE | sqlite.SQLITE_OPEN_NOFOLLOW)
    return database
      .query<{ tools: Uint8Array; instructions: string }, [string, string]>(FIND)
      .get(configDigest, variant)
  } catch {
    return null
  } finally {
    database?.close()
  }
}
