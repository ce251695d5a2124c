-- Runs: one row each; every change of one is guarded by what it must still be.

-- name: create
INSERT INTO runs (
    run_id, workflow_id, workflow_version, definition_hash, kind, status, label, key, trigger, parent_run_no,
    parent_effect, depth, seq, epoch, owner, lease_until_us, started_us, updated_us, tenant, forked_from, forked_seq, live,
    edits, fixtures, rev
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING
RETURNING run_no, run_id, workflow_id, workflow_version, definition_hash, kind, status, label, cursor, error, key, trigger,
    parent_run_no, parent_effect, depth, seq, epoch, owner, lease_until_us, started_us, updated_us, completed_us,
    tenant, ready_us, rev, forked_from, forked_seq, live, edits, fixtures, hold;

-- name: move_on
-- The fence: no row is changed when the run has another owner, has moved on, or is over. It tells of a hold.
UPDATE runs
SET seq = ?, status = ?, label = ?, cursor = ?, error = ?, updated_us = ?, completed_us = ?, rev = ?
WHERE run_no = ? AND seq = ? AND epoch = ? AND completed_us IS NULL
RETURNING hold;

-- name: reopen
-- A failed run goes on: nobody owns it, and whoever did is fenced out.
UPDATE runs
SET seq = ?, status = ?, label = ?, cursor = ?, error = ?, updated_us = ?, completed_us = ?, rev = ?, epoch = epoch + 1,
    owner = NULL, lease_until_us = NULL, ready_us = 0
WHERE run_no = ? AND seq = ? AND epoch = ? AND status = 'FAILED'
RETURNING hold;

-- name: take_over
-- A person changed a run that is under way: nobody owns it, and whoever did is fenced out.
UPDATE runs
SET seq = ?, status = ?, label = ?, cursor = ?, error = ?, updated_us = ?, completed_us = ?, rev = ?, epoch = epoch + 1,
    owner = NULL, lease_until_us = NULL, ready_us = 0
WHERE run_no = ? AND seq = ? AND epoch = ? AND completed_us IS NULL
RETURNING hold;

-- name: release
UPDATE runs SET owner = NULL, lease_until_us = NULL WHERE run_no = ?;

-- name: park
-- Give a run back until one of its waits is answered or due: at once, when that has happened in between.
UPDATE runs
SET owner = NULL,
    lease_until_us = NULL,
    ready_us = coalesce(
        ?3,
        (SELECT min(iif(answered_us IS NULL, due_us, 0)) FROM waits WHERE waits.run_no = ?1 AND waits.status = 'WAITING')
    )
WHERE run_no = ?1 AND epoch = ?2 AND completed_us IS NULL;

-- name: wake
UPDATE runs SET ready_us = 0 WHERE run_no = ? AND completed_us IS NULL;

-- name: ready
SELECT run_no, run_id, workflow_id, workflow_version, definition_hash, kind, status, label, cursor, error, key, trigger,
    parent_run_no, parent_effect, depth, seq, epoch, owner, lease_until_us, started_us, updated_us, completed_us,
    tenant, ready_us, rev, forked_from, forked_seq, live, edits, fixtures, hold
FROM runs INDEXED BY runs_ready
WHERE completed_us IS NULL
    AND ready_us <= ?1
    AND (owner IS NULL OR lease_until_us < ?2 OR owner IN (SELECT value FROM json_each(?3)))
    AND (stands_us IS NULL OR stands_us <= ?2)
ORDER BY ready_us, run_no
LIMIT ?4;

-- name: next_ready
SELECT min(ready_us) FROM runs INDEXED BY runs_ready WHERE completed_us IS NULL AND ready_us > ?;

-- name: owners
SELECT DISTINCT owner FROM runs WHERE completed_us IS NULL AND owner IS NOT NULL;

-- name: children
SELECT run_no, run_id, workflow_id, workflow_version, definition_hash, kind, status, label, cursor, error, key, trigger,
    parent_run_no, parent_effect, depth, seq, epoch, owner, lease_until_us, started_us, updated_us, completed_us,
    tenant, ready_us, rev, forked_from, forked_seq, live, edits, fixtures, hold
FROM runs
WHERE parent_run_no = ?
ORDER BY run_no;

-- name: forks
SELECT run_no, run_id, workflow_id, workflow_version, definition_hash, kind, status, label, cursor, error, key, trigger,
    parent_run_no, parent_effect, depth, seq, epoch, owner, lease_until_us, started_us, updated_us, completed_us,
    tenant, ready_us, rev, forked_from, forked_seq, live, edits, fixtures, hold
FROM runs
WHERE forked_from = ?
ORDER BY run_no;

-- name: last_no
SELECT coalesce(max(run_no), 0) FROM runs;

-- name: newest_start
SELECT started_us FROM runs WHERE tenant = ? AND parent_run_no IS NULL ORDER BY run_no DESC LIMIT 1 OFFSET ?;

-- name: by_id
SELECT run_no, run_id, workflow_id, workflow_version, definition_hash, kind, status, label, cursor, error, key, trigger,
    parent_run_no, parent_effect, depth, seq, epoch, owner, lease_until_us, started_us, updated_us, completed_us,
    tenant, ready_us, rev, forked_from, forked_seq, live, edits, fixtures, hold
FROM runs
WHERE run_id = ?;

-- name: by_no
SELECT run_no, run_id, workflow_id, workflow_version, definition_hash, kind, status, label, cursor, error, key, trigger,
    parent_run_no, parent_effect, depth, seq, epoch, owner, lease_until_us, started_us, updated_us, completed_us,
    tenant, ready_us, rev, forked_from, forked_seq, live, edits, fixtures, hold
FROM runs
WHERE run_no = ?;

-- name: by_key
SELECT run_no, run_id, workflow_id, workflow_version, definition_hash, kind, status, label, cursor, error, key, trigger,
    parent_run_no, parent_effect, depth, seq, epoch, owner, lease_until_us, started_us, updated_us, completed_us,
    tenant, ready_us, rev, forked_from, forked_seq, live, edits, fixtures, hold
FROM runs
WHERE workflow_id = ? AND key = ?;

-- name: by_parent
SELECT run_no, run_id, workflow_id, workflow_version, definition_hash, kind, status, label, cursor, error, key, trigger,
    parent_run_no, parent_effect, depth, seq, epoch, owner, lease_until_us, started_us, updated_us, completed_us,
    tenant, ready_us, rev, forked_from, forked_seq, live, edits, fixtures, hold
FROM runs
WHERE parent_run_no = ? AND parent_effect = ?;

-- name: page
SELECT run_no, run_id, workflow_id, workflow_version, definition_hash, kind, status, label, cursor, error, key, trigger,
    parent_run_no, parent_effect, depth, seq, epoch, owner, lease_until_us, started_us, updated_us, completed_us,
    tenant, ready_us, rev, forked_from, forked_seq, live, edits, fixtures, hold
FROM runs
WHERE (?1 IS NULL OR workflow_version = ?1) AND (?2 IS NULL OR tenant = ?2) AND run_no < ?3
ORDER BY run_no DESC
LIMIT ?4;

-- name: page_of_workflow
SELECT run_no, run_id, workflow_id, workflow_version, definition_hash, kind, status, label, cursor, error, key, trigger,
    parent_run_no, parent_effect, depth, seq, epoch, owner, lease_until_us, started_us, updated_us, completed_us,
    tenant, ready_us, rev, forked_from, forked_seq, live, edits, fixtures, hold
FROM runs
WHERE workflow_id = ?1 AND (?2 IS NULL OR workflow_version = ?2) AND (?3 IS NULL OR tenant = ?3) AND run_no < ?4
ORDER BY run_no DESC
LIMIT ?5;

-- name: page_of_status
SELECT run_no, run_id, workflow_id, workflow_version, definition_hash, kind, status, label, cursor, error, key, trigger,
    parent_run_no, parent_effect, depth, seq, epoch, owner, lease_until_us, started_us, updated_us, completed_us,
    tenant, ready_us, rev, forked_from, forked_seq, live, edits, fixtures, hold
FROM runs INDEXED BY runs_status
WHERE status = ?1 AND (?2 IS NULL OR workflow_id = ?2) AND (?3 IS NULL OR workflow_version = ?3)
    AND (?4 IS NULL OR tenant = ?4) AND run_no < ?5
ORDER BY run_no DESC
LIMIT ?6;

-- name: count
SELECT count(*)
FROM runs
WHERE (?1 IS NULL OR workflow_id = ?1) AND (?2 IS NULL OR workflow_version = ?2) AND (?3 IS NULL OR tenant = ?3);

-- name: count_of_status
SELECT count(*)
FROM runs INDEXED BY runs_status
WHERE status = ?1 AND (?2 IS NULL OR workflow_id = ?2) AND (?3 IS NULL OR workflow_version = ?3)
    AND (?4 IS NULL OR tenant = ?4);

-- name: open
SELECT run_no, run_id, workflow_id, workflow_version, definition_hash, kind, status, label, cursor, error, key, trigger,
    parent_run_no, parent_effect, depth, seq, epoch, owner, lease_until_us, started_us, updated_us, completed_us,
    tenant, ready_us, rev, forked_from, forked_seq, live, edits, fixtures, hold
FROM runs
WHERE status IN ('PENDING', 'RUNNING', 'WAITING')
ORDER BY run_no;

-- name: claim
UPDATE runs
SET owner = ?2, lease_until_us = ?4, epoch = epoch + 1, ready_us = 0
WHERE run_no = ?1
    AND status IN ('PENDING', 'RUNNING', 'WAITING')
    AND (
        owner IS NULL
        OR owner = ?2
        OR lease_until_us < ?3
        OR owner IN (SELECT value FROM json_each(?5))
    )
    AND (stands_us IS NULL OR stands_us <= ?3)
RETURNING run_no, run_id, workflow_id, workflow_version, definition_hash, kind, status, label, cursor, error, key, trigger,
    parent_run_no, parent_effect, depth, seq, epoch, owner, lease_until_us, started_us, updated_us, completed_us,
    tenant, ready_us, rev, forked_from, forked_seq, live, edits, fixtures, hold;

-- name: renew_leases
UPDATE runs SET lease_until_us = ? WHERE owner = ? AND status IN ('PENDING', 'RUNNING', 'WAITING');

-- name: release_leases
UPDATE runs SET owner = NULL, lease_until_us = NULL WHERE owner = ? AND status IN ('PENDING', 'RUNNING', 'WAITING');
