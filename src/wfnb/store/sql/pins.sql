-- Pinned results. Plain SQL of store/database.py, so that every store understands it.

-- name: of_workflow
SELECT step_id, result, source, pinned_by, pinned_us FROM pins WHERE tenant = ? AND workflow_id = ? ORDER BY step_id;

-- name: drop
DELETE FROM pins WHERE tenant = ? AND workflow_id = ?;

-- name: add
INSERT INTO pins (tenant, workflow_id, step_id, result, source, pinned_by, pinned_us) VALUES (?, ?, ?, ?, ?, ?, ?);
