import type { Migration } from '../sqlite-schema.ts'

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
  {
    version: 2,
    statements: [
      `CREATE TABLE audit_entries (
        seq INTEGER PRIMARY KEY,
        body TEXT NOT NULL,
        hash BLOB NOT NULL
      ) STRICT`,
      `CREATE TABLE audit_start (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        seq INTEGER NOT NULL,
        hash BLOB NOT NULL
      ) STRICT`,
      `CREATE TABLE audit_key (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        key BLOB NOT NULL
      ) STRICT`,
      `CREATE TABLE pins (
        server_id TEXT NOT NULL,
        variant TEXT NOT NULL,
        item TEXT NOT NULL,
        digest TEXT NOT NULL,
        source TEXT NOT NULL,
        pinned_at_ms INTEGER NOT NULL,
        PRIMARY KEY (server_id, variant, item)
      ) STRICT, WITHOUT ROWID`,
      `CREATE TABLE withheld_items (
        server_id TEXT NOT NULL,
        variant TEXT NOT NULL,
        item TEXT NOT NULL,
        source TEXT NOT NULL,
        seen_at_ms INTEGER NOT NULL,
        PRIMARY KEY (server_id, variant, item)
      ) STRICT, WITHOUT ROWID`,
      `CREATE TABLE launch_grants (
        scope_id TEXT NOT NULL,
        server_id TEXT NOT NULL,
        launch TEXT NOT NULL,
        granted_at_ms INTEGER NOT NULL,
        PRIMARY KEY (scope_id, server_id, launch)
      ) STRICT, WITHOUT ROWID`,
    ],
  },
]
