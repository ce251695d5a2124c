-- How transactions begin and end, and what a connection and a file are told before anything else.

-- name: begin_write
BEGIN IMMEDIATE;

-- name: begin_read
BEGIN DEFERRED;

-- name: commit
COMMIT;

-- name: rollback
ROLLBACK;

-- name: next_revision
UPDATE revision SET rev = rev + 1 RETURNING rev;

-- name: head_revision
SELECT rev FROM revision;

-- name: durable
PRAGMA synchronous = FULL;

-- name: keep_foreign_keys
PRAGMA foreign_keys = ON;

-- name: distrust_schema
PRAGMA trusted_schema = OFF;

-- name: use_wal
PRAGMA journal_mode = WAL;

-- name: application_id
PRAGMA application_id;

-- name: mark_application
PRAGMA application_id = 0x77666e62;

-- name: schema_version
PRAGMA user_version;

-- name: count_tables
SELECT count(*) FROM sqlite_schema;
