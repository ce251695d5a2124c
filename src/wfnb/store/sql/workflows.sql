-- How workflows may be run. Read and written through store/database.py: plain SQL, so that every store understands it.

-- name: ensure
INSERT INTO workflows (workflow_id, updated_by, updated_us) VALUES (?, ?, ?) ON CONFLICT DO NOTHING;

-- name: get
SELECT workflow_id, status, paused, pause_reason, concurrency_limit, auto_pause, failure_threshold, failure_min_runs,
    retention_days, legal_hold, updated_by, updated_us
FROM workflows
WHERE workflow_id = ?;

-- name: every
SELECT workflow_id, status, paused, pause_reason, concurrency_limit, auto_pause, failure_threshold, failure_min_runs,
    retention_days, legal_hold, updated_by, updated_us
FROM workflows
ORDER BY workflow_id;

-- name: change
UPDATE workflows
SET status = ?, paused = ?, pause_reason = ?, concurrency_limit = ?, auto_pause = ?, failure_threshold = ?,
    failure_min_runs = ?, retention_days = ?, legal_hold = ?, updated_by = ?, updated_us = ?
WHERE workflow_id = ?;
