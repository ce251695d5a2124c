-- Deleting runs that are kept long enough. Read and written through store/database.py: plain SQL, so that every store with a
-- server or a file understands it. The newest run is never deleted: numbers are not given out a second time.

-- name: due
SELECT run_no, run_id
FROM runs
WHERE tenant = ? AND workflow_id = ? AND parent_run_no IS NULL AND completed_us < ? AND run_no > ?
    AND run_no < (SELECT max(run_no) FROM runs)
ORDER BY run_no
LIMIT ?;

-- name: children
SELECT run_no, run_id, workflow_id, completed_us FROM runs WHERE parent_run_no = ? ORDER BY run_no;

-- name: newest
SELECT max(run_no) FROM runs;

-- name: relied_on
-- Runs whose calls took over the result of a call of this run, and forks of it that are not over.
SELECT other.run_no
FROM invocations AS own
JOIN invocations AS other ON other.shared_with = own.invocation_no
WHERE own.run_no = ? AND other.run_no <> own.run_no
UNION
SELECT run_no FROM runs WHERE forked_from = ? AND completed_us IS NULL;

-- name: workflows
SELECT DISTINCT workflow_id FROM runs WHERE tenant = ? ORDER BY workflow_id;

-- name: delete_inbox
DELETE FROM inbox WHERE run_no = ?;

-- name: delete_logs
DELETE FROM logs WHERE run_no = ?;

-- name: delete_events
DELETE FROM events WHERE run_no = ?;

-- name: delete_waits
DELETE FROM waits WHERE run_no = ?;

-- name: delete_sharing
DELETE FROM invocations WHERE run_no = ? AND shared_with IS NOT NULL;

-- name: delete_invocations
DELETE FROM invocations WHERE run_no = ?;

-- name: delete_steps
DELETE FROM steps WHERE run_no = ?;

-- name: delete_checkpoints
DELETE FROM checkpoints WHERE run_no = ?;

-- name: delete_macrosteps
DELETE FROM macrosteps WHERE run_no = ?;

-- name: delete_run
DELETE FROM runs WHERE run_no = ?;

-- name: mark
INSERT INTO purged (run_no, run_id, purged_us, rev) VALUES (?, ?, ?, 0);

-- name: count_purged
SELECT count(*) FROM purged;

-- name: purged
SELECT run_no FROM purged ORDER BY run_no;

-- name: is_purged
SELECT 1 FROM purged WHERE run_no = ?;
