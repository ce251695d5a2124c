-- Published versions: written once, never changed.

-- name: add
INSERT INTO versions (
    workflow_id, version, name, definition, definition_hash, payload_schema_ref, payload_schema, trigger_event,
    published_by, published_us
) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT DO NOTHING
RETURNING true;

-- name: get
SELECT workflow_id, version, name, definition, definition_hash, payload_schema_ref, payload_schema, trigger_event,
    published_by, published_us
FROM versions
WHERE workflow_id = $1 AND version = $2;

-- name: latest
SELECT workflow_id, version, name, definition, definition_hash, payload_schema_ref, payload_schema, trigger_event,
    published_by, published_us
FROM versions
WHERE workflow_id = $1
ORDER BY version DESC
LIMIT 1;

-- name: every
SELECT workflow_id, version, name, definition, definition_hash, payload_schema_ref, payload_schema, trigger_event,
    published_by, published_us
FROM versions
ORDER BY workflow_id, version;

-- name: of_workflow
SELECT workflow_id, version, name, definition, definition_hash, payload_schema_ref, payload_schema, trigger_event,
    published_by, published_us
FROM versions
WHERE workflow_id = $1
ORDER BY version;

-- name: triggered
-- The latest version of every workflow that an event starts.
SELECT workflow_id, version, name, definition, definition_hash, payload_schema_ref, payload_schema, trigger_event,
    published_by, published_us
FROM versions AS v
WHERE trigger_event = $1
    AND version = (SELECT max(version) FROM versions AS newer WHERE newer.workflow_id = v.workflow_id)
ORDER BY workflow_id;
