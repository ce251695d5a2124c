-- How transactions begin and end, what a connection is told before anything else, and locks.

-- name: begin_write
BEGIN;

-- name: begin_read
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;

-- name: commit
COMMIT;

-- name: rollback
ROLLBACK;

-- name: next_revision
SELECT next_revision();

-- name: settled
-- The newest revision, and the one up to which no transaction is under way any more.
SELECT head, settled FROM settled_revision();

-- name: head
-- The newest revision up to a settled one that stands in a row.
SELECT coalesce(
    greatest(
        (SELECT max(rev) FROM runs WHERE rev <= $1),
        (SELECT max(rev) FROM steps WHERE rev <= $1),
        (SELECT max(rev) FROM invocations WHERE rev <= $1),
        (SELECT max(rev) FROM waits WHERE rev <= $1),
        (SELECT max(rev) FROM events WHERE rev <= $1)
    ),
    0
);

-- name: now
-- By which leases and holds are judged.
SELECT now_us();

-- name: lock_run
SELECT epoch FROM runs WHERE run_no = $1 FOR NO KEY UPDATE;

-- name: lock_parent
SELECT run_no FROM runs WHERE run_no = (SELECT parent_run_no FROM runs WHERE run_no = $1) FOR NO KEY UPDATE;

-- name: version_exists
SELECT true FROM versions WHERE workflow_id = $1 AND version = $2;

-- name: lock_key
-- An idempotency key is looked at and given away by one transaction at a time.
SELECT pg_advisory_xact_lock('invocations'::regclass::oid::int, hashtext($1));

-- name: lock_tables
-- The tables beside the runs are written by one transaction after the other.
SELECT pg_advisory_xact_lock('schema_version'::regclass::oid::int, 0);

-- name: settings
-- What was committed is on disk; a lost writer does not hold up others for ever; the planner does not compile small queries.
SELECT
    set_config('search_path', quote_ident($1), false),
    set_config(
        'synchronous_commit',
        CASE WHEN current_setting('synchronous_commit') IN ('off', 'local') THEN 'on' ELSE current_setting('synchronous_commit') END,
        false
    ),
    set_config('lock_timeout', '30s', false),
    set_config('idle_in_transaction_session_timeout', '60s', false),
    set_config('jit', 'off', false);
