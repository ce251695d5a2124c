-- Schedules. Read and written through store/database.py: plain SQL, so that every store understands it.

-- name: put
INSERT INTO schedules (
    workflow_id, name, kind, cron, timezone, run_at_us, payload, catch_up, enabled, next_us, last_us, last_run_id, last_error
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1, ?, NULL, NULL, NULL)
ON CONFLICT (workflow_id, name) DO UPDATE
SET kind = excluded.kind, cron = excluded.cron, timezone = excluded.timezone, run_at_us = excluded.run_at_us,
    payload = excluded.payload, catch_up = excluded.catch_up, enabled = 1, next_us = excluded.next_us, last_error = NULL;

-- name: remove
DELETE FROM schedules WHERE workflow_id = ? AND name = ? RETURNING workflow_id;

-- name: get
SELECT workflow_id, name, kind, cron, timezone, run_at_us, payload, catch_up, enabled, next_us, last_us, last_run_id, last_error
FROM schedules
WHERE workflow_id = ? AND name = ?;

-- name: every
SELECT workflow_id, name, kind, cron, timezone, run_at_us, payload, catch_up, enabled, next_us, last_us, last_run_id, last_error
FROM schedules
ORDER BY workflow_id, name;

-- name: due
SELECT workflow_id, name, kind, cron, timezone, run_at_us, payload, catch_up, enabled, next_us, last_us, last_run_id, last_error
FROM schedules
WHERE enabled = 1 AND next_us <= ?
ORDER BY next_us, workflow_id, name;

-- name: soonest
SELECT min(next_us) FROM schedules WHERE enabled = 1;

-- name: fired
-- Whoever has fired it first moves it on; for anybody else it is not at this moment any more.
UPDATE schedules
SET next_us = ?, last_us = ?, last_run_id = coalesce(?, last_run_id), last_error = ?
WHERE workflow_id = ? AND name = ? AND next_us = ?;
