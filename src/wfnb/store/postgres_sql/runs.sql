-- Runs: one row each; every change of one is guarded by what it must still be.

-- name: create
INSERT INTO runs (
    run_id, workflow_id, workflow_version, definition_hash, kind, status, label, key, trigger, parent_run_no,
    parent_effect, depth, seq, epoch, owner, lease_until_us, started_us, updated_us, tenant, forked_from, forked_seq, live,
    edits, fixtures, rev
) VALUES (
    $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0, 0, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, next_revision()
)
ON CONFLICT DO NOTHING
RETURNING run_no, run_id, workflow_id, workflow_version, definition_hash, kind, status, label, cursor, error, key, trigger,
    parent_run_no, parent_effect, depth, seq, epoch, owner, lease_until_us, started_us, updated_us, completed_us,
    tenant, ready_us, rev, forked_from, forked_seq, live, edits, fixtures, hold;

-- name: move_on
-- The fence. It fails when the run has another owner, has moved on, or is over, and with it what was sent behind it. It tells of
-- a hold.
SELECT go_on($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- name: reopen
-- The same for a failed run that goes on.
SELECT NULL::text FROM reopen($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- name: take_over
-- The same for a run that is under way and that a person changes.
SELECT NULL::text FROM take_over($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- name: release
UPDATE runs SET owner = NULL, lease_until_us = NULL WHERE run_no = $1;

-- name: park
-- Give a run back until one of its waits is answered or due: at once, when that has happened in between. The row of the
-- run must be locked before: a statement that waited for the lock would not see the answer that it waited for.
UPDATE runs
SET owner = NULL,
    lease_until_us = NULL,
    ready_us = coalesce(
        $3::bigint,
        (SELECT min(CASE WHEN answered_us IS NULL THEN due_us ELSE 0 END) FROM waits WHERE waits.run_no = $1 AND waits.status = 'WAITING')
    )
WHERE run_no = $1 AND epoch = $2 AND completed_us IS NULL;

-- name: wake
UPDATE runs SET ready_us = 0 WHERE run_no = $1 AND completed_us IS NULL;

-- name: ready
SELECT run_no, run_id, workflow_id, workflow_version, definition_hash, kind, status, label, cursor, error, key, trigger,
    parent_run_no, parent_effect, depth, seq, epoch, owner, lease_until_us, started_us, updated_us, completed_us,
    tenant, ready_us, rev, forked_from, forked_seq, live, edits, fixtures, hold
FROM runs
WHERE completed_us IS NULL
    AND ready_us <= $1
    AND (owner IS NULL OR lease_until_us < $2 OR owner = ANY ($3::text[]))
    AND (stands_us IS NULL OR stands_us <= $2)
ORDER BY ready_us, run_no
LIMIT $4;

-- name: next_ready
SELECT min(ready_us) FROM runs WHERE completed_us IS NULL AND ready_us > $1;

-- name: owners
SELECT DISTINCT owner FROM runs WHERE completed_us IS NULL AND owner IS NOT NULL;

-- name: children
SELECT run_no, run_id, workflow_id, workflow_version, definition_hash, kind, status, label, cursor, error, key, trigger,
    parent_run_no, parent_effect, depth, seq, epoch, owner, lease_until_us, started_us, updated_us, completed_us,
    tenant, ready_us, rev, forked_from, forked_seq, live, edits, fixtures, hold
FROM runs
WHERE parent_run_no = $1
ORDER BY run_no;

-- name: forks
SELECT run_no, run_id, workflow_id, workflow_version, definition_hash, kind, status, label, cursor, error, key, trigger,
    parent_run_no, parent_effect, depth, seq, epoch, owner, lease_until_us, started_us, updated_us, completed_us,
    tenant, ready_us, rev, forked_from, forked_seq, live, edits, fixtures, hold
FROM runs
WHERE forked_from = $1
ORDER BY run_no;

-- name: last_no
SELECT coalesce(max(run_no), 0) FROM runs;

-- name: newest_start
SELECT started_us FROM runs WHERE tenant = $1 AND parent_run_no IS NULL ORDER BY run_no DESC LIMIT 1 OFFSET $2;

-- name: by_id
SELECT run_no, run_id, workflow_id, workflow_version, definition_hash, kind, status, label, cursor, error, key, trigger,
    parent_run_no, parent_effect, depth, seq, epoch, owner, lease_until_us, started_us, updated_us, completed_us,
    tenant, ready_us, rev, forked_from, forked_seq, live, edits, fixtures, hold
FROM runs
WHERE run_id = $1;

-- name: by_no
SELECT run_no, run_id, workflow_id, workflow_version, definition_hash, kind, status, label, cursor, error, key, trigger,
    parent_run_no, parent_effect, depth, seq, epoch, owner, lease_until_us, started_us, updated_us, completed_us,
    tenant, ready_us, rev, forked_from, forked_seq, live, edits, fixtures, hold
FROM runs
WHERE run_no = $1;

-- name: by_key
SELECT run_no, run_id, workflow_id, workflow_version, definition_hash, kind, status, label, cursor, error, key, trigger,
    parent_run_no, parent_effect, depth, seq, epoch, owner, lease_until_us, started_us, updated_us, completed_us,
    tenant, ready_us, rev, forked_from, forked_seq, live, edits, fixtures, hold
FROM runs
WHERE workflow_id = $1 AND key = $2;

-- name: by_parent
SELECT run_no, run_id, workflow_id, workflow_version, definition_hash, kind, status, label, cursor, error, key, trigger,
    parent_run_no, parent_effect, depth, seq, epoch, owner, lease_until_us, started_us, updated_us, completed_us,
    tenant, ready_us, rev, forked_from, forked_seq, live, edits, fixtures, hold
FROM runs
WHERE parent_run_no = $1 AND parent_effect = $2;

-- name: page
SELECT run_no, run_id, workflow_id, workflow_version, definition_hash, kind, status, label, cursor, error, key, trigger,
    parent_run_no, parent_effect, depth, seq, epoch, owner, lease_until_us, started_us, updated_us, completed_us,
    tenant, ready_us, rev, forked_from, forked_seq, live, edits, fixtures, hold
FROM runs
WHERE ($1::bigint IS NULL OR workflow_version = $1) AND ($2::text IS NULL OR tenant = $2) AND run_no < $3
ORDER BY run_no DESC
LIMIT $4;

-- name: page_of_workflow
SELECT run_no, run_id, workflow_id, workflow_version, definition_hash, kind, status, label, cursor, error, key, trigger,
    parent_run_no, parent_effect, depth, seq, epoch, owner, lease_until_us, started_us, updated_us, completed_us,
    tenant, ready_us, rev, forked_from, forked_seq, live, edits, fixtures, hold
FROM runs
WHERE workflow_id = $1 AND ($2::bigint IS NULL OR workflow_version = $2) AND ($3::text IS NULL OR tenant = $3) AND run_no < $4
ORDER BY run_no DESC
LIMIT $5;

-- name: page_of_status
SELECT run_no, run_id, workflow_id, workflow_version, definition_hash, kind, status, label, cursor, error, key, trigger,
    parent_run_no, parent_effect, depth, seq, epoch, owner, lease_until_us, started_us, updated_us, completed_us,
    tenant, ready_us, rev, forked_from, forked_seq, live, edits, fixtures, hold
FROM runs
WHERE status = $1 AND ($2::text IS NULL OR workflow_id = $2) AND ($3::bigint IS NULL OR workflow_version = $3)
    AND ($4::text IS NULL OR tenant = $4) AND run_no < $5
ORDER BY run_no DESC
LIMIT $6;

-- name: count
SELECT count(*)
FROM runs
WHERE ($1::text IS NULL OR workflow_id = $1) AND ($2::bigint IS NULL OR workflow_version = $2)
    AND ($3::text IS NULL OR tenant = $3);

-- name: count_of_status
SELECT count(*)
FROM runs
WHERE status = $1 AND ($2::text IS NULL OR workflow_id = $2) AND ($3::bigint IS NULL OR workflow_version = $3)
    AND ($4::text IS NULL OR tenant = $4);

-- name: open
SELECT run_no, run_id, workflow_id, workflow_version, definition_hash, kind, status, label, cursor, error, key, trigger,
    parent_run_no, parent_effect, depth, seq, epoch, owner, lease_until_us, started_us, updated_us, completed_us,
    tenant, ready_us, rev, forked_from, forked_seq, live, edits, fixtures, hold
FROM runs
WHERE status IN ('PENDING', 'RUNNING', 'WAITING')
ORDER BY run_no;

-- name: claim
UPDATE runs
SET owner = $2, lease_until_us = $4, epoch = epoch + 1, ready_us = 0
WHERE run_no = $1
    AND status IN ('PENDING', 'RUNNING', 'WAITING')
    AND (
        owner IS NULL
        OR owner = $2
        OR lease_until_us < $3
        OR owner = ANY ($5::text[])
    )
    AND (stands_us IS NULL OR stands_us <= $3)
RETURNING run_no, run_id, workflow_id, workflow_version, definition_hash, kind, status, label, cursor, error, key, trigger,
    parent_run_no, parent_effect, depth, seq, epoch, owner, lease_until_us, started_us, updated_us, completed_us,
    tenant, ready_us, rev, forked_from, forked_seq, live, edits, fixtures, hold;

-- name: renew_leases
-- Rows are locked from the newest run to the oldest, as everywhere: a child before the run that called it.
UPDATE runs
SET lease_until_us = $1
WHERE run_no IN (
    SELECT run_no FROM runs WHERE owner = $2 AND completed_us IS NULL
    ORDER BY run_no DESC
    FOR NO KEY UPDATE
);

-- name: release_leases
UPDATE runs
SET owner = NULL, lease_until_us = NULL
WHERE run_no IN (
    SELECT run_no FROM runs WHERE owner = $1 AND completed_us IS NULL
    ORDER BY run_no DESC
    FOR NO KEY UPDATE
);
