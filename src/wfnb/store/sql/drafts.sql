-- Drafts: one for a workflow, changed only by who has seen what it is. Read and written through store/database.py.

-- name: add
INSERT INTO drafts (
    workflow_id, draft_version, definition, definition_hash, created_by, created_us, updated_by, updated_us
) VALUES (?, 1, ?, ?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING
RETURNING draft_version;

-- name: change
UPDATE drafts
SET draft_version = draft_version + 1, definition = ?, definition_hash = ?, updated_by = ?, updated_us = ?
WHERE workflow_id = ? AND draft_version = ?
RETURNING draft_version;

-- name: get
SELECT workflow_id, draft_version, definition, definition_hash, created_by, created_us, updated_by, updated_us
FROM drafts
WHERE workflow_id = ?;

-- name: every
SELECT workflow_id, draft_version, definition, definition_hash, created_by, created_us, updated_by, updated_us
FROM drafts
ORDER BY workflow_id;

-- name: delete
DELETE FROM drafts WHERE workflow_id = ? RETURNING draft_version;
