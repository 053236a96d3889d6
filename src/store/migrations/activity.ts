import type { Migration } from '../sqlite-file.ts'

/** Append only, as in `vault.ts`. */
export const ACTIVITY_MIGRATIONS: readonly Migration[] = [
  {
    version: 1,
    statements: [
      `CREATE TABLE catalog_entries (
        server_id TEXT NOT NULL,
        variant TEXT NOT NULL,
        fingerprint TEXT NOT NULL,
        listing TEXT NOT NULL,
        listed_at_ms INTEGER NOT NULL,
        PRIMARY KEY (server_id, variant)
      ) STRICT, WITHOUT ROWID`,
      `CREATE TABLE stored_replies (
        config_digest TEXT NOT NULL,
        variant TEXT NOT NULL,
        opening TEXT NOT NULL,
        tools BLOB NOT NULL,
        prompts BLOB NOT NULL,
        resources BLOB NOT NULL,
        templates BLOB NOT NULL,
        stored_at_ms INTEGER NOT NULL,
        PRIMARY KEY (config_digest, variant)
      ) STRICT, WITHOUT ROWID`,
    ],
  },
]
