-- Finding runs by more than their status and workflow. Read through store/database.py: plain SQL, so that every store with a
-- server or a file understands it. Pages begin behind a place in the order, so they do not shift when runs are added.

-- name: started_desc
SELECT run_no, run_id, workflow_id, workflow_version, definition_hash, kind, status, label, cursor, error, key, trigger,
    parent_run_no, parent_effect, depth, seq, epoch, owner, lease_until_us, started_us, updated_us, completed_us,
    tenant, ready_us, rev, forked_from, forked_seq, live, edits, fixtures, hold
FROM runs
WHERE status IN (?, ?, ?, ?, ?, ?)
    AND (CAST(? AS TEXT) IS NULL OR workflow_id = ?)
    AND (CAST(? AS BIGINT) IS NULL OR workflow_version = ?)
    AND (CAST(? AS TEXT) IS NULL OR tenant = ?)
    AND started_us >= ?
    AND started_us < ?
    AND (
        CAST(? AS TEXT) IS NULL
        OR lower(run_id) LIKE ? ESCAPE '!'
        OR lower(key) LIKE ? ESCAPE '!'
        OR EXISTS (SELECT 1 FROM waits WHERE waits.run_no = runs.run_no AND lower(waits.key) LIKE ? ESCAPE '!')
    )
    AND (started_us, run_no) < (?, ?)
ORDER BY started_us DESC, run_no DESC
LIMIT ?;

-- name: started_asc
SELECT run_no, run_id, workflow_id, workflow_version, definition_hash, kind, status, label, cursor, error, key, trigger,
    parent_run_no, parent_effect, depth, seq, epoch, owner, lease_until_us, started_us, updated_us, completed_us,
    tenant, ready_us, rev, forked_from, forked_seq, live, edits, fixtures, hold
FROM runs
WHERE status IN (?, ?, ?, ?, ?, ?)
    AND (CAST(? AS TEXT) IS NULL OR workflow_id = ?)
    AND (CAST(? AS BIGINT) IS NULL OR workflow_version = ?)
    AND (CAST(? AS TEXT) IS NULL OR tenant = ?)
    AND started_us >= ?
    AND started_us < ?
    AND (
        CAST(? AS TEXT) IS NULL
        OR lower(run_id) LIKE ? ESCAPE '!'
        OR lower(key) LIKE ? ESCAPE '!'
        OR EXISTS (SELECT 1 FROM waits WHERE waits.run_no = runs.run_no AND lower(waits.key) LIKE ? ESCAPE '!')
    )
    AND (started_us, run_no) > (?, ?)
ORDER BY started_us ASC, run_no ASC
LIMIT ?;

-- name: updated_desc
SELECT run_no, run_id, workflow_id, workflow_version, definition_hash, kind, status, label, cursor, error, key, trigger,
    parent_run_no, parent_effect, depth, seq, epoch, owner, lease_until_us, started_us, updated_us, completed_us,
    tenant, ready_us, rev, forked_from, forked_seq, live, edits, fixtures, hold
FROM runs
WHERE status IN (?, ?, ?, ?, ?, ?)
    AND (CAST(? AS TEXT) IS NULL OR workflow_id = ?)
    AND (CAST(? AS BIGINT) IS NULL OR workflow_version = ?)
    AND (CAST(? AS TEXT) IS NULL OR tenant = ?)
    AND started_us >= ?
    AND started_us < ?
    AND (
        CAST(? AS TEXT) IS NULL
        OR lower(run_id) LIKE ? ESCAPE '!'
        OR lower(key) LIKE ? ESCAPE '!'
        OR EXISTS (SELECT 1 FROM waits WHERE waits.run_no = runs.run_no AND lower(waits.key) LIKE ? ESCAPE '!')
    )
    AND (updated_us, run_no) < (?, ?)
ORDER BY updated_us DESC, run_no DESC
LIMIT ?;

-- name: updated_asc
SELECT run_no, run_id, workflow_id, workflow_version, definition_hash, kind, status, label, cursor, error, key, trigger,
    parent_run_no, parent_effect, depth, seq, epoch, owner, lease_until_us, started_us, updated_us, completed_us,
    tenant, ready_us, rev, forked_from, forked_seq, live, edits, fixtures, hold
FROM runs
WHERE status IN (?, ?, ?, ?, ?, ?)
    AND (CAST(? AS TEXT) IS NULL OR workflow_id = ?)
    AND (CAST(? AS BIGINT) IS NULL OR workflow_version = ?)
    AND (CAST(? AS TEXT) IS NULL OR tenant = ?)
    AND started_us >= ?
    AND started_us < ?
    AND (
        CAST(? AS TEXT) IS NULL
        OR lower(run_id) LIKE ? ESCAPE '!'
        OR lower(key) LIKE ? ESCAPE '!'
        OR EXISTS (SELECT 1 FROM waits WHERE waits.run_no = runs.run_no AND lower(waits.key) LIKE ? ESCAPE '!')
    )
    AND (updated_us, run_no) > (?, ?)
ORDER BY updated_us ASC, run_no ASC
LIMIT ?;

-- name: by_key
SELECT run_no, run_id, workflow_id, workflow_version, definition_hash, kind, status, label, cursor, error, key, trigger,
    parent_run_no, parent_effect, depth, seq, epoch, owner, lease_until_us, started_us, updated_us, completed_us,
    tenant, ready_us, rev, forked_from, forked_seq, live, edits, fixtures, hold
FROM runs
WHERE workflow_id = ? AND key = ?;

-- name: count
SELECT count(*)
FROM runs
WHERE status IN (?, ?, ?, ?, ?, ?)
    AND (CAST(? AS TEXT) IS NULL OR workflow_id = ?)
    AND (CAST(? AS BIGINT) IS NULL OR workflow_version = ?)
    AND (CAST(? AS TEXT) IS NULL OR tenant = ?)
    AND started_us >= ?
    AND started_us < ?
    AND (
        CAST(? AS TEXT) IS NULL
        OR lower(run_id) LIKE ? ESCAPE '!'
        OR lower(key) LIKE ? ESCAPE '!'
        OR EXISTS (SELECT 1 FROM waits WHERE waits.run_no = runs.run_no AND lower(waits.key) LIKE ? ESCAPE '!')
    );

-- name: summary
SELECT status, count(*)
FROM runs
WHERE status IN (?, ?, ?, ?, ?, ?)
    AND (CAST(? AS TEXT) IS NULL OR workflow_id = ?)
    AND (CAST(? AS BIGINT) IS NULL OR workflow_version = ?)
    AND (CAST(? AS TEXT) IS NULL OR tenant = ?)
    AND started_us >= ?
    AND started_us < ?
    AND (
        CAST(? AS TEXT) IS NULL
        OR lower(run_id) LIKE ? ESCAPE '!'
        OR lower(key) LIKE ? ESCAPE '!'
        OR EXISTS (SELECT 1 FROM waits WHERE waits.run_no = runs.run_no AND lower(waits.key) LIKE ? ESCAPE '!')
    )
GROUP BY status;
