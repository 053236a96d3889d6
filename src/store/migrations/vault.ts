import type { Migration } from '../sqlite-schema.ts'

/** Append only. A schema is what these statements leave behind; every opening compares the file with it. */
export const VAULT_MIGRATIONS: readonly Migration[] = [
  {
    version: 1,
    statements: [
      `CREATE TABLE vault_state (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        vault_id TEXT NOT NULL,
        recipient TEXT NOT NULL,
        mac_key TEXT NOT NULL,
        manifest BLOB NOT NULL,
        manifest_mac BLOB NOT NULL
      ) STRICT`,
      `CREATE TABLE sealed_scopes (
        scope_id TEXT PRIMARY KEY,
        generation INTEGER NOT NULL,
        recipient TEXT NOT NULL,
        mac_key TEXT NOT NULL,
        keys TEXT NOT NULL,
        blob BLOB NOT NULL,
        mac BLOB NOT NULL
      ) STRICT, WITHOUT ROWID`,
    ],
  },
  {
    version: 2,
    statements: [
      `CREATE TABLE locks (
        name TEXT PRIMARY KEY,
        since_ms INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID`,
    ],
  },
]
